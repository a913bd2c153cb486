"""What a layer is: one differentiable step that holds parameters and never activations; and what listens to
it."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.gradients import Gradient
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter
from gradscope.engine.signal import Signal
from gradscope.engine.weights import Weight

Cache = Any
"""What a layer's forward pass keeps for its backward pass; only the layer itself looks inside."""

Gradients = dict[str, Gradient]
"""The gradients of a layer's own parameters, by the names of `own_parameters()`."""


class Step(ABC):
    """What a network is strung of: a layer, or a container of layers."""

    reduces: ClassVar[bool] = False
    """Whether it leaves one of all positions: what stands behind it on the trunk is the head."""

    def __init__(self, info: LayerInfo):
        self.info = info

    def own_parameters(self) -> dict[str, Parameter]:
        """The trainable parameters of this step itself, by the names of their gradients. Those of inner steps
        are not among them."""
        return {}

    def parameters(self) -> dict[str, Array]:
        """The same as arrays."""
        return {name: parameter.array for name, parameter in self.own_parameters().items()}

    def weights(self) -> tuple[Weight, ...]:
        """Its own weight matrices, as recipes."""
        return ()

    def activity(self, cache: Cache) -> tuple[Activation, Array] | None:
        """The activation it applies and its slopes φ′(x) in this pass; None where there is none."""
        return None

    def attention(self, cache: Cache) -> tuple[Array, bool] | None:
        """Its attention weights (B, H, T, S), which add up to 1 over the keys S, and whether queries see no
        key behind their own position; None where nothing attends."""
        return None

    def state_gradients(self, cache: Cache) -> dict[str, Array] | None:
        """log2 RMS (T,) of the gradient of its state at each step, by direction, in the order the steps were
        taken, given a Gaussian gradient at the last one; None where there is no state."""
        return None

    def inner(self) -> "tuple[Step, ...]":
        """The steps directly inside, in forward order."""
        return ()

    @abstractmethod
    def at_pass(self, number: int) -> "Step":
        """The step for one pass of a trial; itself, unless something in it is drawn anew in every pass."""


class Layer(Step):
    """One differentiable step on plain arrays."""

    @abstractmethod
    def forward(self, x: Array) -> tuple[Array, Cache]:
        """The output, and what the backward pass will need."""

    @abstractmethod
    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Gradients]:
        """∂L/∂x and the gradients of the parameters, given ∂L/∂y."""

    def at_pass(self, number: int) -> "Layer":
        """Itself; layers that draw something in every pass say otherwise."""
        return self


class Container(Step):
    """A step that carries the backward signal itself: it strings layers, or the steps of a sequence,
    together."""

    @abstractmethod
    def forward(self, x: Array, listener: "Listener") -> tuple[Array, Cache]:
        """The output, and what the backward pass will need; the listener is told what happens inside."""

    @abstractmethod
    def backward(self, dy: Signal, cache: Cache, listener: "Listener") -> tuple[Signal, Gradients]:
        """∂L/∂x and the gradients of the container's own parameters, given ∂L/∂y."""


class Listener(Protocol):
    """Is told what passes through a network; keeps what it wants to know and lets the arrays go."""

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """A step's output on the way forward."""

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """The gradient at a step's output, and of its own parameters under the same exponent, on the way
        back."""
