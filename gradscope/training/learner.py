"""The parameters of a network as one run of entries, and how an optimiser moves them. Runs no pass."""

import math
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layer import Cache, Gradients, Step
from gradscope.engine.magnitude import exp2, joint_log2_l2, log2_l2
from gradscope.engine.network import Network
from gradscope.engine.optimizers import Optimizer
from gradscope.engine.parameters import Parameter
from gradscope.engine.signal import Signal
from gradscope.probe.course import LayerMoves

CHUNK = 1 << 15
"""Entries an optimiser changes at once: few enough to stay in cache from one operation to the next."""


class _Slot(NamedTuple):
    """One parameter and its place in the run of all entries."""

    parameter: Parameter
    place: slice


class Learner:
    """A listener that gathers the gradient of a pass, and moves the parameters by it.

    A parameter that several layers share has one slot, in which the gradients of its uses add up.
    """

    def __init__(self, network: Network, optimizer: Optimizer, *, lr: float, clip: float | None):
        self.optimizer = optimizer
        self.lr = lr
        self.clip = clip
        self._steps = tuple(network.layers())
        self._slots: dict[tuple[str, str], _Slot] = {}
        self._by_home: dict[int, _Slot] = {}
        self.size = self._lay_out()
        self._gradient = np.zeros(self.size, dtype=network.dtype)
        self._heard: set[int] = set()
        """Where the slots begin that have a gradient in this pass."""
        self._states = tuple(np.zeros_like(self._gradient) for _ in range(optimizer.states))
        self._number = 0
        self._start = np.concatenate([slot.parameter.array.reshape(-1) for slot in self._by_home.values()])
        self._changed: dict[int, tuple[float, float]] = {}
        """By home: log2 of the L2 norms of the last change and of what it changed, where asked for."""

    def _lay_out(self) -> int:
        end = 0
        for step in self._steps:
            for name, parameter in step.own_parameters().items():
                slot = self._by_home.get(id(parameter.home))
                if slot is None:
                    slot = _Slot(parameter, slice(end, end + parameter.size))
                    end += parameter.size
                    self._by_home[id(parameter.home)] = slot
                self._slots[step.info.name, name] = slot
        return end

    @cached_property
    def _pieces(self) -> list[tuple[Array, Array]]:
        """The entries where the layers have them, and views of those of the gradient."""
        return [
            pair
            for slot in self._by_home.values()
            for pair in zip(
                slot.parameter.pieces, slot.parameter.split(self._gradient[slot.place]), strict=True
            )
        ]

    def begin(self) -> None:
        """A new pass."""
        self._heard.clear()

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """Let it pass."""

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """Form the gradients of a step's parameters, and add them to what their slots hold."""
        for name, gradient in gradients.items():
            place = self._slots[step.info.name, name].place
            shifted = gradient.shifted(dy.exponent) if dy.exponent else gradient
            entries = shifted.matrix().reshape(-1)
            if place.start in self._heard:
                self._gradient[place] += entries
            else:
                self._gradient[place] = entries
                self._heard.add(place.start)

    @property
    def log2_l2(self) -> float:
        """log2 of the global norm of the gradient gathered."""
        return log2_l2(self._gradient)

    def pairs(self) -> Iterator[tuple[str, Array, Array]]:
        """Every parameter and its gradient gathered, by its name; a shared one under its first use."""
        named: set[int] = set()
        for (step, name), slot in self._slots.items():
            if slot.place.start not in named:
                named.add(slot.place.start)
                yield f"{step}.{name}", slot.parameter.array, self._gradient[slot.place]

    def origin(self) -> str | None:
        """The layer whose gradient is the first, on the way back, that is not finite."""
        for (step, _), slot in reversed(self._slots.items()):
            if not np.isfinite(self._gradient[slot.place]).all():
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
        for start in range(0, self.size, CHUNK):
            part = slice(start, start + CHUNK)
            states = tuple(state[part] for state in self._states)
            self.optimizer.change(self._gradient[part], states, self._number, self.lr)
        if measured:
            self._changed = {
                home: (log2_l2(self._gradient[slot.place]), log2_l2(slot.parameter.array))
                for home, slot in self._by_home.items()
            }
        kept = of(1.0 - self.lr * self.optimizer.decay)
        for piece, change in self._pieces:
            if self.optimizer.decay:
                np.multiply(piece, kept, out=piece)
            np.subtract(piece, change, out=piece)

    def moves(self) -> tuple[LayerMoves, ...]:
        """How the weights of each layer have moved."""
        return tuple(self._moves_of([id(weight) for weight in step.weights()]) for step in self._steps)

    def _moves_of(self, homes: list[int]) -> LayerMoves:
        if not homes:
            return LayerMoves()
        places = [self._by_home[home].place for home in homes]
        ways = [
            log2_l2(self._by_home[home].parameter.array.reshape(-1) - self._start[place])
            for home, place in zip(homes, places, strict=True)
        ]
        changed = [self._changed[home] for home in homes if home in self._changed]
        return LayerMoves(
            step_ratio=_ratio([change for change, _ in changed], [weight for _, weight in changed]),
            distance=_ratio(ways, [log2_l2(self._start[place]) for place in places]),
        )


def _ratio(parts: list[float], wholes: list[float]) -> float | None:
    """The joint norm of some arrays over that of others; None where there is nothing to divide by."""
    whole = joint_log2_l2(wholes)
    return None if whole == -math.inf else exp2(joint_log2_l2(parts) - whole)
