"""A network: a trunk of layers with a loss on top, and one trial's weights inside."""

from collections.abc import Iterator

import numpy as np

from gradscope.engine import Array
from gradscope.engine.ahead import drawn_ahead
from gradscope.engine.layer import Listener, Step
from gradscope.engine.losses import Loss
from gradscope.engine.sequence import SILENT, Sequence
from gradscope.engine.signal import Signal


class Network:
    """Weights of one trial, ready to be run forward and back on batches (B, *input_shape)."""

    def __init__(
        self, trunk: Sequence, loss: Loss, input_shape: tuple[int, ...], dtype: np.dtype[np.floating]
    ):
        self.trunk = trunk
        self.loss = loss
        self.input_shape = input_shape
        self.dtype = dtype

    def forward(self, inputs: Array, listener: Listener = SILENT) -> Array:
        """The network's outputs."""
        return self.trunk.forward(inputs, listener)[0]

    def backpropagate(
        self, inputs: Array, targets: Array, listener: Listener = SILENT, number: int = 0
    ) -> tuple[float | None, Signal]:
        """The loss (None for a random cotangent) and ∂L/∂inputs of pass `number` of the trial."""
        trunk = self.trunk.at_pass(number)
        with drawn_ahead(trunk):
            outputs, caches = trunk.forward(inputs, listener)
        loss, dy = self.loss.evaluate(outputs, targets)
        return loss, trunk.backward(Signal(dy), caches, listener)

    def layers(self) -> Iterator[Step]:
        """Every layer and container in forward order, a container after its inner layers."""
        return self.trunk.walk()

    def parameters(self) -> dict[str, Array]:
        """Every parameter by its full name, `dense1.weight` (I, O) for one; shared ones under their first
        use."""
        return {
            f"{step.info.name}.{name}": array
            for step in self.layers()
            if step.info.shares is None or step.info.own
            for name, array in step.parameters().items()
            if step.info.shares is None or name in step.info.own
        }
