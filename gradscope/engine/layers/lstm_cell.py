"""The LSTM cell: gates stacked i, f, g, o (Hochreiter & Schmidhuber 1997; forget gate of Gers et al.
2000)."""

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.layers.cells import logistic_with_total, runs_of_steps


class LstmTape:
    """States, gates i, f, g, o in the place of their preactivations, their slopes, and φ(c) with its own."""

    def __init__(self, room: Array):
        units = room.shape[1] // 12
        self.states = room[:, : 2 * units]
        self.gates = room[1:, 2 * units : 6 * units]
        self.slopes = room[1:, 6 * units : 10 * units]
        """Until the walk is done 1 + e^z of i, f and o, and g itself."""
        self.shown = room[1:, 10 * units : 11 * units]
        self.shown_slopes = room[1:, 11 * units :]


class LstmCell:
    """c' = f c + i g, h' = o φ(c'), with i, f, o = σ and g = φ of their parts of z + q; the state is h over
    c."""

    gates = 4
    states = 2
    rows = 12
    has_own_dq = False

    def __init__(self, activation: Activation):
        self.activation = activation

    def tape(self, room: Array) -> LstmTape:
        """As it is laid out."""
        return LstmTape(room)

    def forward(self, step: int, z: Array, q: Array, tape: LstmTape) -> None:
        """g stays apart from its preactivation until its slope is made."""
        gates, total = tape.gates[step], tape.slopes[step]
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
        tape.shown[step] = self.activation.fn(c)
        np.multiply(o, tape.shown[step], out=h)

    def finish(self, tape: LstmTape) -> None:
        """Slopes of the gates and of what is shown; g takes its place among the gates."""
        units = tape.shown.shape[1]
        sigmoids = (slice(0, 2 * units), slice(3 * units, 4 * units))
        candidates = slice(2 * units, 3 * units)
        for some in runs_of_steps(tape.gates):
            gates, slopes = tape.gates[some], tape.slopes[some]
            for rows in sigmoids:
                np.divide(gates[:, rows], slopes[:, rows], out=slopes[:, rows])
            preactivation, g = gates[:, candidates], slopes[:, candidates]
            slope = self.activation.derivative(preactivation, g)
            preactivation[...] = g
            g[...] = slope
            tape.shown_slopes[some] = self.activation.derivative(
                tape.states[1:, units:][some], tape.shown[some]
            )

    def backward(self, step: int, dstate: Array, tape: LstmTape) -> tuple[Array, Array, Array]:
        """h tells c first: dc = dc' + dh o φ′(c)."""
        units = len(dstate) // 2
        i, f, g, o = _quarters(tape.gates[step])
        dh, dc = dstate[:units], dstate[units:]
        dz = np.empty_like(tape.gates[step])
        into_i, into_f, into_g, into_o = _quarters(dz)
        np.multiply(dh, o, out=into_o)
        into_o *= tape.shown_slopes[step]
        dc += into_o
        np.multiply(dc, g, out=into_i)
        np.multiply(dc, tape.states[step, units:], out=into_f)
        np.multiply(dc, i, out=into_g)
        np.multiply(dh, tape.shown[step], out=into_o)
        dz *= tape.slopes[step]
        carried = np.zeros_like(dstate)
        np.multiply(dc, f, out=carried[units:])
        return dz, dz, carried

    def activity(self, tape: LstmTape) -> None:
        """h is a gate times φ(c): no slope of its own."""


def _quarters(x: Array) -> tuple[Array, Array, Array, Array]:
    """The parts (U, B) of x (4U, B)."""
    units = len(x) // 4
    return x[:units], x[units : 2 * units], x[2 * units : 3 * units], x[3 * units :]
