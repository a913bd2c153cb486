"""What a recurrent cell is, and the plain one: h' = φ(z + U h). The walk through time is `walking`'s.

Arrays are feature-major here, (features, B): a gate is then one run of memory, and products are a third
faster. What a cell keeps lies in arrays of all steps, (T, features, B): slopes are made for many steps at
once.
"""

import math
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation

Tape = Any
"""What a walk leaves for the way back; only the cell itself looks inside."""


class Cell(Protocol):
    """One step through time, given what comes in from the input and from the state before.

    A state is (S·U, B): h, and below it whatever else the cell remembers.
    """

    gates: int
    """Preactivations a unit has, G."""
    states: int
    """Values a unit remembers, S."""
    rows: int
    """Values a unit leaves on the tape at each step, its state among them."""
    has_own_dq: bool
    """Whether z and q go different ways, so that their gradients differ."""

    def tape(self, room: Array) -> Tape:
        """Lay out what a walk of T steps leaves.

        Args:
            room: (T + 1, rows·U, B): the states first, each behind its step and zero before the first one;
                the rest is the cell's own, beginning with the first step.
        """

    def forward(self, step: int, z: Array, q: Array, tape: Tape) -> None:
        """Write the state behind a step, given x W + b and h U (G·U, B); q may be written to."""

    def finish(self, tape: Tape) -> None:
        """All steps are taken: make the slopes."""

    def backward(self, step: int, dstate: Array, tape: Tape) -> tuple[Array, Array, Array]:
        """One step back.

        Args:
            step: its number.
            dstate: what arrives at the state behind the step: (S·U, B), through its outputs and the steps
                behind it. It becomes the whole gradient, in which h has told the rest of the state what it
                is made of.
            tape: what the walk left.

        Returns:
            dz and dq (G·U, B), and the gradient of the state before, but for what passes through q.
        """

    def activity(self, tape: Tape) -> Array | None:
        """The slopes φ′ (T, U, B) of the units' activation; None for a cell whose output is a product."""


class PlainTape:
    """h, and the slopes; until the walk is done the preactivations in their place."""

    def __init__(self, room: Array):
        units = room.shape[1] // 2
        self.h = room[:, :units]
        self.slopes = room[1:, units:]


class PlainCell:
    """h' = φ(z + q) (Elman 1990)."""

    gates = 1
    states = 1
    rows = 2
    has_own_dq = False

    def __init__(self, activation: Activation):
        self.activation = activation

    def tape(self, room: Array) -> PlainTape:
        """As it is laid out."""
        return PlainTape(room)

    def forward(self, step: int, z: Array, q: Array, tape: PlainTape) -> None:
        """The preactivation is kept for its slope."""
        preactivation = np.add(z, q, out=tape.slopes[step])
        tape.h[step + 1] = self.activation.fn(preactivation)

    def finish(self, tape: PlainTape) -> None:
        """φ′ in the place of the preactivations."""
        for some in runs_of_steps(tape.slopes):
            z = tape.slopes[some]
            z[...] = self.activation.derivative(z, tape.h[1:][some])

    def backward(self, step: int, dstate: Array, tape: PlainTape) -> tuple[Array, Array, Array]:
        """dz = dq = dh φ′."""
        dz = dstate * tape.slopes[step]
        return dz, dz, np.zeros_like(dstate)

    def activity(self, tape: PlainTape) -> Array:
        """The slopes."""
        return tape.slopes


_RUN_ENTRIES = 1 << 15
"""Entries that are looked at together: few calls, and all in cache."""


def runs_of_steps(tape: Array) -> Iterator[slice]:
    """The steps of (T, ·, B), a few at a time."""
    steps = max(1, _RUN_ENTRIES // max(1, tape[0].size))
    return (slice(start, start + steps) for start in range(0, len(tape), steps))


def logistic_with_total(z: Array, total: Array) -> None:
    """z becomes σ(z) = e^z/(1 + e^z), and `total` 1 + e^z: σ′ is the one over the other.

    Both keep the digits of a small result, however far a gate is shut; beyond the clip, σ is 1 to the last
    digit and a slope of 1e-30 stands for less.
    """
    z.clip(-math.inf, z.dtype.type(_LARGEST), out=z)
    np.exp(z, out=z)
    np.add(z, z.dtype.type(1.0), out=total)
    np.divide(z, total, out=z)


_LARGEST = 69.0
"""e^69 = 9e29 is harmless in float32."""
