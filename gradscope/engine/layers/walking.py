"""A cell's way along the steps of some samples, and back: one after the other, states as they come. Weights
and the layout of a batch are `scan`'s.

The gradient of the state is carried as a Signal from step to step, so that neither 1e-300 nor 1e+300 between
the ends of a sequence is lost.
"""

from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layers.cells import Cell, Tape
from gradscope.engine.signal import Signal
from gradscope.engine.tiles import multiply

_COLUMNS = 64
"""Steps times samples whose input products are made at once: enough for a quick product, few enough to be in
cache when their turn comes."""


class Maps(NamedTuple):
    """What a direction multiplies with and adds, as columns do."""

    into: Array
    """W transposed (G·U, I)."""
    recurrent: Array
    """U transposed (G·U, U)."""
    bias: Array | None
    """(G·U, 1)."""
    shift: Array | None
    """Added to the last part of h U (U, 1)."""


class Walk(NamedTuple):
    """What is kept of a way along T steps; all in the order they were taken."""

    states: Array
    """(T + 1, S·U, B), zero before the first step."""
    tape: Tape


def walk(cell: Cell, maps: Maps, x: Array) -> Walk:
    """The states behind every step.   x (T, B, I)."""
    length, samples, fan_in = x.shape
    units = maps.recurrent.shape[1]
    room = np.empty((length + 1, cell.rows * units, samples), dtype=x.dtype)
    states = room[:, : cell.states * units]
    states[0] = 0.0
    tape = cell.tape(room)
    together = min(length, max(1, _COLUMNS // samples))
    z = np.empty((len(maps.into), together * samples), dtype=x.dtype)
    q = np.empty((len(maps.into), samples), dtype=x.dtype)
    for step in range(length):
        place = step % together
        if place == 0:
            coming = np.ascontiguousarray(x[step : step + together].transpose(2, 0, 1)).reshape(fan_in, -1)
            made = z[:, : coming.shape[1]]
            multiply(coming.T, maps.into.T, made.T)
            if maps.bias is not None:
                made += maps.bias
        multiply(states[step, :units].T, maps.recurrent.T, q.T)
        if maps.shift is not None:
            q[-units:] += maps.shift
        cell.forward(step, z[:, place * samples : (place + 1) * samples], q, tape)
    return Walk(states, tape)


class WayBack:
    """The steps of a walk from the last to the first."""

    def __init__(self, cell: Cell, recurrent: Array, walked: Walk):
        """Recurrent weight (U, G·U)."""
        self.cell = cell
        self.units = len(recurrent)
        self.weight = recurrent
        self.walked = walked
        self.length = len(walked.states) - 1
        self.state = Signal(np.zeros_like(walked.states[0]))
        """The gradient of the state at the step that is looked at, but for what comes in there."""

    def preactivations(self, dy: Array, dz: Array, dq: Array, exponents: Array) -> None:
        """Fill dz and dq (B, T, G·U) of all steps, both times a power of two of each step.

        Shapes:
            dy: (B, T, U), exponents: (T,)
        """
        for step in reversed(range(self.length)):
            self._receive(dy[:, step].T)
            exponents[step] = self.state.exponent
            of_z, of_q = self._step(step)
            dz[:, step] = of_z.T
            if dq is not dz:
                dq[:, step] = of_q.T

    def norms(self, last: Array) -> Array:
        """log2 L2 (T,) of the state's gradient at each step, given that of h at the last one (B, U)."""
        self._receive(last.T)
        norms = np.empty(self.length)
        for step in reversed(range(self.length)):
            before = self.state
            self._step(step)
            norms[step] = Signal(before.mantissa, before.exponent).log2_l2  # whole by now
        return norms

    def _receive(self, dh: Array) -> None:
        """Add what comes in at this step."""
        if self.state.exponent == 0:
            mantissa = self.state.mantissa
            mantissa[: self.units] += dh
            self.state = Signal(mantissa)
            return
        arriving = np.zeros_like(self.state.mantissa)
        arriving[: self.units] = dh
        self.state = self.state + Signal(arriving)

    def _step(self, step: int) -> tuple[Array, Array]:
        behind, tape = self.state.mantissa, self.walked.tape
        dz, dq = self.cell.backward(step, behind, tape)
        before = np.empty_like(behind)
        multiply(dq.T, self.weight.T, before[: self.units].T)
        self.cell.carry(step, behind, before, tape)
        self.state = self.state.with_mantissa(before).rescaled()
        return dz, dq
