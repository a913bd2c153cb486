"""The parameters of a network as one run of entries, and how an optimiser moves them. Runs no pass."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate

import numpy as np

from gradscope.engine import Array
from gradscope.engine.gradients import Gradient
from gradscope.engine.layer import Cache, Gradients, Step
from gradscope.engine.magnitude import exp2, joint_log2_l2, log2_l2
from gradscope.engine.network import Network
from gradscope.engine.optimizers import Optimizer
from gradscope.engine.parameters import Parameter
from gradscope.engine.signal import Signal
from gradscope.probe.course import LayerMoves

CHUNK = 1 << 15
"""Entries an optimiser changes at once: few enough to stay in cache from one operation to the next."""


class _Slot:
    """One parameter: where it lives, where it began, and its part of the run of all gradients."""

    def __init__(self, parameter: Parameter, gradient: Array, start: Array, stop: int):
        self.gradient = gradient
        """Flat, a view."""
        self.stop = stop
        """Where its part of the run ends."""
        self.is_heard = False
        """Whether one of its uses has told its gradient in this pass."""
        self.gradient_log2_l2 = -math.inf
        """log2 of the norm of what its uses have told."""
        self.last_change: tuple[float, float] | None = None
        """log2 of the norms of a change and of what it changed, where that was asked for."""
        self._formed = gradient.reshape(parameter.shape)
        self._parameter = parameter
        self._start = start
        start[:] = parameter.array.reshape(-1)

    def hear(self, gradient: Gradient, exponent: int) -> None:
        """Form the gradient of a use, times 2^exponent, and add it to those of the others."""
        if self.is_heard:
            self._formed += gradient.shifted(exponent).matrix()
            self.gradient_log2_l2 = log2_l2(self._formed)
        else:
            self.gradient_log2_l2 = gradient.write(self._formed, exponent)
            self.is_heard = True

    @cached_property
    def pieces(self) -> list[tuple[Array, Array]]:
        """Its entries where the layer has them, and views of those of the gradient."""
        return [*zip(self._parameter.pieces, self._parameter.split(self.gradient), strict=True)]

    @property
    def array(self) -> Array:
        """Its entries, only to be read."""
        return self.pieces[0][0] if len(self.pieces) == 1 else self._parameter.array

    @property
    def log2_l2(self) -> float:
        """log2 of its norm."""
        return log2_l2(self.array)

    @cached_property
    def start_log2_l2(self) -> float:
        """log2 of the norm it began with."""
        return log2_l2(self._start)

    @property
    def way_log2_l2(self) -> float:
        """log2 of the norm of all that has changed."""
        return log2_l2(self.array.reshape(-1) - self._start)


class Learner:
    """A listener that gathers the gradient of a pass, and moves the parameters by it.

    A parameter that several layers share has one slot, in which the gradients of its uses add up.
    """

    def __init__(self, network: Network, optimizer: Optimizer, *, lr: float, clip: float | None):
        self.optimizer = optimizer
        self.lr = lr
        self.clip = clip
        steps = tuple(network.layers())
        homes: dict[int, Parameter] = {}
        for parameter in (own for step in steps for own in step.own_parameters().values()):
            homes.setdefault(id(parameter.home), parameter)
        self.size = sum(parameter.size for parameter in homes.values())
        self._gradient = np.zeros(self.size, dtype=network.dtype)
        self._by_home = self._laid_out(homes)
        self._slots = {
            step.info.name: {
                name: self._by_home[id(parameter.home)] for name, parameter in step.own_parameters().items()
            }
            for step in steps
        }
        self._weights = tuple([self._by_home[id(weight)] for weight in step.weights()] for step in steps)
        """Of each layer."""
        self._states = tuple(np.zeros_like(self._gradient) for _ in range(optimizer.states))
        self._number = 0

    def _laid_out(self, homes: Mapping[int, Parameter]) -> dict[int, _Slot]:
        start = np.empty_like(self._gradient)
        stops = accumulate(parameter.size for parameter in homes.values())
        places = (slice(stop - homes[home].size, stop) for home, stop in zip(homes, stops, strict=True))
        return {
            home: _Slot(homes[home], self._gradient[place], start[place], place.stop)
            for home, place in zip(homes, places, strict=True)
        }

    def begin(self) -> None:
        """A new pass."""
        for slot in self._by_home.values():
            slot.is_heard = False

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """Let it pass."""

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """Have the slots of a step's parameters hear their gradients."""
        if not gradients:
            return
        slots = self._slots[step.info.name]
        for name, gradient in gradients.items():
            slots[name].hear(gradient, dy.exponent)

    @property
    def log2_l2(self) -> float:
        """log2 of the global norm of the gradient gathered."""
        return joint_log2_l2(slot.gradient_log2_l2 for slot in self._by_home.values())

    def pairs(self) -> Iterator[tuple[str, Array, Array]]:
        """Every parameter and its gradient gathered, by its name; a shared one under its first use."""
        named: set[int] = set()
        for step, slots in self._slots.items():
            for name, slot in slots.items():
                if id(slot) not in named:
                    named.add(id(slot))
                    yield f"{step}.{name}", slot.array, slot.gradient

    def origin(self) -> str | None:
        """The layer whose gradient is the first, on the way back, that is not finite."""
        for step, slots in reversed(self._slots.items()):
            if not all(np.isfinite(slot.gradient).all() for slot in slots.values()):
                return step
        return None

    def is_clipped(self, log2_norm: float) -> bool:
        """Whether a gradient of that norm is above what it is clipped to."""
        return self.clip is not None and log2_norm > math.log2(self.clip)

    def move(self, log2_norm: float, *, measured: bool = False) -> None:
        """Change every parameter by the gradient gathered, whose norm is given; the gradient is used up."""
        self._number += 1
        of = self._gradient.dtype.type
        if self.is_clipped(log2_norm) and self.clip is not None:
            # As torch.nn.utils.clip_grad_norm_ does it.
            self._gradient *= of(self.clip / (exp2(log2_norm) + 1e-6))
        sizes = {slot: slot.log2_l2 for slots in self._weights for slot in slots} if measured else {}
        kept = of(1.0 - self.lr * self.optimizer.decay)
        for gradient, states, pieces in self._stretches:
            self.optimizer.change(gradient, states, self._number, self.lr)
            for piece, change in pieces:
                if self.optimizer.decay:
                    np.multiply(piece, kept, out=piece)
                np.subtract(piece, change, out=piece)
        for slot, size in sizes.items():
            slot.last_change = log2_l2(slot.gradient), size

    @cached_property
    def _stretches(self) -> list[tuple[Array, tuple[Array, ...], list[tuple[Array, Array]]]]:
        """The run of gradients and states, as long as fits into cache, and what parameters end in it: they
        are changed while it is there."""
        ending: defaultdict[int, list[tuple[Array, Array]]] = defaultdict(list)
        for slot in self._by_home.values():
            ending[(slot.stop - 1) // CHUNK] += slot.pieces
        parts = (slice(start, start + CHUNK) for start in range(0, self.size, CHUNK))
        return [
            (self._gradient[part], tuple(state[part] for state in self._states), ending[number])
            for number, part in enumerate(parts)
        ]

    def moves(self) -> tuple[LayerMoves, ...]:
        """How the weights of each layer have moved."""
        return tuple(_moves_of(slots) if slots else LayerMoves() for slots in self._weights)


def _moves_of(slots: list[_Slot]) -> LayerMoves:
    changes = [slot.last_change for slot in slots if slot.last_change is not None]
    return LayerMoves(
        step_ratio=_ratio([change for change, _ in changes], [changed for _, changed in changes]),
        distance=_ratio([slot.way_log2_l2 for slot in slots], [slot.start_log2_l2 for slot in slots]),
    )


def _ratio(parts: list[float], wholes: list[float]) -> float | None:
    """The joint norm of some arrays over that of others; None where there is nothing to divide by."""
    whole = joint_log2_l2(wholes)
    return None if whole == -math.inf else exp2(joint_log2_l2(parts) - whole)
