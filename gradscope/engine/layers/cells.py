"""What a recurrent cell is, and the plain one: h' = φ(z + U h). The walk through time is `walking`'s.

Arrays are feature-major here, (features, B): a gate is then one run of memory, and products are a third
faster. What a cell keeps lies in arrays of all steps, (T, features, B): what the way back needs is made for
several steps at once.
"""

from typing import Any, Protocol

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation

Tape = Any
"""What a walk leaves for the way back; only the cell itself looks inside."""


class Cell(Protocol):
    """One step through time, given what comes in from the input and from the state before.

    A state is (S·U, B): h, and below it whatever else the cell remembers. A step back is linear in the
    gradient of the state: its factors are made on the way forward, while what they are made of is in cache.
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

    def backward(self, step: int, dstate: Array, tape: Tape) -> tuple[Array, Array]:
        """dz and dq (G·U, B).

        Args:
            step: its number.
            dstate: what arrives at the state behind the step: (S·U, B), through its outputs and the steps
                behind it. It becomes the whole gradient, in which h has told the rest of the state what it
                is made of.
            tape: what the walk left.
        """

    def carry(self, step: int, dstate: Array, before: Array, tape: Tape) -> None:
        """Complete the gradient of the state before (S·U, B), whose h has what passes through q, and nothing
        else is set; given the whole gradient of the state behind."""

    def activity(self, tape: Tape) -> Array | None:
        """The slopes φ′ (T, U, B) of the units' activation; None for a cell whose output is a product."""


class PlainTape:
    """h, and the slopes; until a run of steps is complete the preactivations in their place."""

    def __init__(self, room: Array):
        units = room.shape[1] // 2
        self.h = room[:, :units]
        self.slopes = room[1:, units:]
        self.runs = Runs(self.slopes)


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
        if run := tape.runs.complete(step):
            z = tape.slopes[run]
            z[...] = self.activation.derivative(z, tape.h[1:][run])

    def backward(self, step: int, dstate: Array, tape: PlainTape) -> tuple[Array, Array]:
        """dz = dq = dh φ′."""
        dz = dstate * tape.slopes[step]
        return dz, dz

    def carry(self, step: int, dstate: Array, before: Array, tape: PlainTape) -> None:
        """Everything passes through q."""

    def activity(self, tape: PlainTape) -> Array:
        """The slopes."""
        return tape.slopes


_RUN_ENTRIES = 1 << 16
"""Entries that are looked at together: few calls, and all in cache."""


class Runs:
    """The steps of a walk, some at a time: as many as make work for a call, and fit into the cache."""

    def __init__(self, tape: Array):
        """Anything that is kept of all steps (T, ·, B)."""
        self.length = len(tape)
        self.most = max(1, min(self.length, _RUN_ENTRIES // max(1, int(tape[0].size))))

    def place(self, step: int) -> int:
        """Of a step in its run."""
        return step % self.most

    def complete(self, step: int) -> slice | None:
        """The run that this is the last step of."""
        place = self.place(step)
        return slice(step - place, step + 1) if place + 1 == self.most or step + 1 == self.length else None


def logistic_with_total(z: Array, total: Array) -> None:
    """z becomes σ(z) = e^z/(1 + e^z), and `total` 1 + e^z: σ′ is the one over the other.

    Both keep the digits of a small result, however far a gate is shut; beyond the clip, σ is 1 to the last
    digit and a slope of 1e-30 stands for less.
    """
    np.minimum(z, z.dtype.type(_LARGEST), out=z)
    np.exp(z, out=z)
    np.add(z, z.dtype.type(1.0), out=total)
    np.divide(z, total, out=z)


_LARGEST = 69.0
"""e^69 = 9e29 is harmless in float32."""
