"""What a layer is: one differentiable step that holds parameters and never activations; and what listens to it."""

from abc import ABC, abstractmethod
from typing import Any, Protocol

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.gradients import Gradient
from gradscope.engine.outline import LayerInfo
from gradscope.engine.signal import Signal
from gradscope.engine.weights import Weight

Cache = Any
"""What a layer's forward pass keeps for its backward pass; only the layer itself looks inside."""

Gradients = dict[str, Gradient]
"""The gradients of a layer's own parameters, by the names of `parameters()`."""


class Layer(ABC):
    """One differentiable step on plain arrays."""

    def __init__(self, info: LayerInfo):
        self.info = info

    @abstractmethod
    def forward(self, x: Array) -> tuple[Array, Cache]:
        """The output, and what the backward pass will need."""

    @abstractmethod
    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Gradients]:
        """∂L/∂x and the gradients of the parameters, given ∂L/∂y."""

    def parameters(self) -> dict[str, Array]:
        """The arrays a training step would change, by name."""
        return {}

    def weights(self) -> tuple[Weight, ...]:
        """The weight matrices, as recipes."""
        return ()

    def activity(self, cache: Cache) -> tuple[Activation, Array] | None:
        """The activation this layer applies and its slopes φ′(x) in this pass; None where there is none."""
        return None

    def at_pass(self, number: int) -> "Layer":
        """The layer for one pass of a trial; itself, unless it draws something new in every pass."""
        return self


class Listener(Protocol):
    """Is told what passes through a network; keeps what it wants to know and lets the arrays go."""

    def output(self, step: "Step", y: Array, cache: Cache) -> None:
        """A step's output on the way forward."""

    def gradient(self, step: "Step", dy: Signal, gradients: Gradients) -> None:
        """The gradient at a step's output, and of its own parameters under the same exponent, on the way back."""


class Container(ABC):
    """Strings layers together: the same two functions, on signals, and a listener for what happens inside."""

    def __init__(self, info: LayerInfo):
        self.info = info

    @abstractmethod
    def forward(self, x: Array, listener: Listener) -> tuple[Array, Cache]:
        """The output, and what the backward pass will need."""

    @abstractmethod
    def backward(self, dy: Signal, cache: Cache, listener: Listener) -> tuple[Signal, Gradients]:
        """∂L/∂x and the gradients of the container's own parameters, given ∂L/∂y."""

    def parameters(self) -> dict[str, Array]:
        """The container's own parameters; those of the layers inside are theirs."""
        return {}

    @abstractmethod
    def inner(self) -> "tuple[Step, ...]":
        """The steps directly inside, in forward order."""

    @abstractmethod
    def at_pass(self, number: int) -> "Container":
        """The container for one pass of a trial."""


Step = Layer | Container
