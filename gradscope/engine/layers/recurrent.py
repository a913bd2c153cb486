"""Recurrent layers: one direction or both of a cell over a sequence. What a cell computes is its own
file's."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.layer import Container, Gradients, Listener
from gradscope.engine.layers.scan import Direction, Trail
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter
from gradscope.engine.random import Stream
from gradscope.engine.signal import Signal
from gradscope.engine.weights import Weight


class Recurrent(Container):
    """h of every step, x (B, T, I) -> y (B, T, U).

    Of two directions the outputs stand side by side, the forward one first: 2U features.
    """

    def __init__(self, info: LayerInfo, directions: Mapping[str, Direction], stream: Stream):
        super().__init__(info)
        self.directions = dict(directions)
        self.stream = stream

    def forward(self, x: Array, listener: Listener) -> tuple[Array, list[Trail]]:
        """Keeps each direction's trail."""
        trails = [direction.forward(x) for direction in self.directions.values()]
        shown = [
            self.shown(direction, trail)
            for direction, trail in zip(self.directions.values(), trails, strict=True)
        ]
        return (shown[0] if len(shown) == 1 else np.concatenate(shown, axis=-1)), trails

    def backward(self, dy: Signal, cache: list[Trail], listener: Listener) -> tuple[Signal, Gradients]:
        """dx is the sum over the directions."""
        gradients: Gradients = {}
        inputs = []
        parts = np.split(dy.mantissa, len(self.directions), axis=-1)
        for (name, direction), part, trail in zip(self.directions.items(), parts, cache, strict=True):
            arriving = dy.with_mantissa(self.arriving(part, direction, trail))
            dx, found = direction.backward(arriving, trail)
            inputs.append(dx)
            gradients |= {self._full(name, key): gradient for key, gradient in found.items()}
        return (inputs[0] if len(inputs) == 1 else inputs[0] + inputs[1]), gradients

    def shown(self, direction: Direction, trail: Trail) -> Array:
        """The part of a direction's states that is the layer's output: here h of every step."""
        return trail.h

    def arriving(self, dy: Array, direction: Direction, trail: Trail) -> Array:
        """The gradient of h at every step, given that of `shown`."""
        return dy

    def state_gradients(self, cache: list[Trail]) -> dict[str, Array]:
        """log2 RMS (T,) of the gradient of the state (h, and c where there is one, together), for each
        direction in the order it takes the steps, given an N(0, 1) gradient of h at its last step alone."""
        found = {}
        for number, (name, direction) in enumerate(self.directions.items()):
            trail = cache[number]
            samples = trail.h.shape[0]
            rng = self.stream.generator(number)
            last = rng.standard_normal((samples, direction.units), dtype=np.float32).astype(trail.h.dtype)
            entries = samples * direction.units * direction.cell.states
            found[name] = direction.state_gradients(last, trail) - 0.5 * np.log2(entries)
        return found

    def activity(self, cache: list[Trail]) -> tuple[Activation, Array] | None:
        """φ and its slopes at every step, for cells whose output is an activation's."""
        activation = self.info.activation
        slopes = [d.slopes(trail) for d, trail in zip(self.directions.values(), cache, strict=True)]
        there = [part for part in slopes if part is not None]
        if not isinstance(activation, Activation) or not there:
            return None
        return activation, there[0] if len(there) == 1 else np.concatenate(there, axis=-1)

    def own_parameters(self) -> dict[str, Parameter]:
        """`input.weight` (I, G·U), `recurrent.weight` (U, G·U), `bias` (G·U,), and `recurrent.bias` (U,)
        where the cell has one; under `forward.` and `backward.` of two directions."""
        return {
            self._full(name, key): parameter
            for name, direction in self.directions.items()
            for key, parameter in direction.own_parameters().items()
        }

    def weights(self) -> tuple[Weight, ...]:
        """Both matrices of each direction."""
        return tuple(weight for d in self.directions.values() for weight in (d.into, d.recurrent))

    def at_pass(self, number: int) -> "Recurrent":
        """Itself."""
        return self

    def _full(self, direction: str, name: str) -> str:
        return name if len(self.directions) == 1 else f"{direction}.{name}"


class FinalState(Recurrent):
    """h where each direction arrives, x (B, T, I) -> y (B, U): the last step of the forward one, the first of
    the backward one."""

    reduces: ClassVar[bool] = True

    def shown(self, direction: Direction, trail: Trail) -> Array:
        """h of the step taken last."""
        return direction.taken(trail.h)[:, -1].copy()

    def arriving(self, dy: Array, direction: Direction, trail: Trail) -> Array:
        """That of the last step; zero at all others."""
        whole = np.zeros_like(trail.h)
        direction.taken(whole)[:, -1] = dy
        return whole
