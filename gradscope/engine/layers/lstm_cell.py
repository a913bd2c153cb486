"""The LSTM cell: gates stacked i, f, g, o (Hochreiter & Schmidhuber 1997; forget gate of Gers et al.
2000)."""

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.layers.cells import Runs, logistic_with_total


class LstmTape:
    """States, and the factors of the way back; of the steps of one run what they are made of."""

    def __init__(self, room: Array):
        units = room.shape[1] // 8
        self.states = room[:, : 2 * units]
        self.factors = room[1:, 2 * units : 6 * units]
        """What dc is multiplied by to give dz; in the part of o, what dh is."""
        self.told = room[1:, 6 * units : 7 * units]
        """o φ′(c): what dh is multiplied by where it reaches c."""
        self.kept = room[1:, 7 * units :]
        """f, the forget gate."""
        self.runs = Runs(self.factors)
        steps, samples = self.runs.most, room.shape[2]
        self.gates = np.empty((steps, 4 * units, samples), dtype=room.dtype)
        """σ of i, f and o; the preactivation of g."""
        self.totals = np.empty_like(self.gates)
        """1 + e^z of i, f and o; g itself."""
        self.shown = np.empty((steps, units, samples), dtype=room.dtype)
        """φ(c)."""


class LstmCell:
    """c' = f c + i g, h' = o φ(c'), with i, f, o = σ and g = φ of their parts of z + q; the state is h over
    c."""

    gates = 4
    states = 2
    rows = 8
    has_own_dq = False

    def __init__(self, activation: Activation):
        self.activation = activation

    def tape(self, room: Array) -> LstmTape:
        """As it is laid out."""
        return LstmTape(room)

    def forward(self, step: int, z: Array, q: Array, tape: LstmTape) -> None:
        """The factors are made a run of steps at a time."""
        place = tape.runs.place(step)
        gates, total = tape.gates[place], tape.totals[place]
        units = len(gates) // 4
        np.add(z, q, out=gates)
        logistic_with_total(gates[: 2 * units], total[: 2 * units])
        logistic_with_total(gates[3 * units :], total[3 * units :])
        i, f, preactivation, o = _quarters(gates)
        g = total[2 * units : 3 * units]
        g[...] = self.activation.fn(preactivation)
        before, behind = tape.states[step, units:], tape.states[step + 1]
        h, c = behind[:units], behind[units:]
        np.multiply(f, before, out=c)
        c += np.multiply(i, g, out=h)
        tape.shown[place] = self.activation.fn(c)
        np.multiply(o, tape.shown[place], out=h)
        if run := tape.runs.complete(step):
            self._differentiate(run, tape)

    def _differentiate(self, run: slice, tape: LstmTape) -> None:
        """σ′ is the gate over its total."""
        steps = run.stop - run.start
        i, f, preactivation, o = _quarters(tape.gates[:steps])
        of_i, of_f, g, of_o = _quarters(tape.totals[:steps])
        into_i, into_f, into_g, into_o = _quarters(tape.factors[run])
        shown = tape.shown[:steps]
        units = shown.shape[1]
        np.divide(i, of_i, out=into_i)
        into_i *= g
        np.divide(f, of_f, out=into_f)
        into_f *= tape.states[run, units:]
        np.multiply(self.activation.derivative(preactivation, g), i, out=into_g)
        np.divide(o, of_o, out=into_o)
        into_o *= shown
        np.multiply(self.activation.derivative(tape.states[1:, units:][run], shown), o, out=tape.told[run])
        tape.kept[run] = f

    def backward(self, step: int, dstate: Array, tape: LstmTape) -> tuple[Array, Array]:
        """h tells c first: dc = dc' + dh o φ′(c)."""
        units = len(dstate) // 2
        dh, dc = dstate[:units], dstate[units:]
        dc += dh * tape.told[step]
        factors = tape.factors[step].reshape(4, units, -1)
        dz = np.empty_like(factors)
        np.multiply(factors[:3], dc, out=dz[:3])
        np.multiply(factors[3], dh, out=dz[3])
        dz = dz.reshape(4 * units, -1)
        return dz, dz

    def carry(self, step: int, dstate: Array, before: Array, tape: LstmTape) -> None:
        """c passes what it keeps."""
        units = len(dstate) // 2
        np.multiply(dstate[units:], tape.kept[step], out=before[units:])

    def activity(self, tape: LstmTape) -> None:
        """h is a gate times φ(c): no slope of its own."""


def _quarters(x: Array) -> tuple[Array, Array, Array, Array]:
    """The parts (..., U, B) of x (..., 4U, B)."""
    units = x.shape[-2] // 4
    return (
        x[..., :units, :],
        x[..., units : 2 * units, :],
        x[..., 2 * units : 3 * units, :],
        x[..., 3 * units :, :],
    )
