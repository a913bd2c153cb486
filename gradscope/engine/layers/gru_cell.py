"""The GRU cell: gates stacked r, z, n, the reset behind the product (Cho et al. 2014, in PyTorch's form)."""

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.layers.cells import logistic_with_total, runs_of_steps


class GruTape:
    """h, gates r and z in the place of their preactivations, n, the slopes of all, and what r multiplies."""

    def __init__(self, room: Array):
        units = room.shape[1] // 8
        self.h = room[:, :units]
        self.gates = room[1:, units : 3 * units]
        self.slopes = room[1:, 3 * units : 5 * units]
        """Until the walk is done 1 + e^z."""
        self.candidates = room[1:, 5 * units : 6 * units]
        self.candidate_slopes = room[1:, 6 * units : 7 * units]
        """Until the walk is done the preactivations."""
        self.products = room[1:, 7 * units :]
        """The candidate's part of h U + c."""


class GruCell:
    """h' = (1 − z) n + z h, with r, z = σ of their parts of z + q and n = φ(z_n + r q_n)."""

    gates = 3
    states = 1
    rows = 8
    has_own_dq = True

    def __init__(self, activation: Activation):
        self.activation = activation

    def tape(self, room: Array) -> GruTape:
        """As it is laid out."""
        return GruTape(room)

    def forward(self, step: int, z: Array, q: Array, tape: GruTape) -> None:
        """The preactivation of the candidate is kept for its slope."""
        units = tape.h.shape[1]
        gates, product = tape.gates[step], tape.products[step]
        np.add(z[: 2 * units], q[: 2 * units], out=gates)
        logistic_with_total(gates, tape.slopes[step])
        reset, update = gates[:units], gates[units:]
        product[...] = q[2 * units :]
        preactivation = np.multiply(reset, product, out=tape.candidate_slopes[step])
        preactivation += z[2 * units :]
        candidate = self.activation.fn(preactivation)
        tape.candidates[step] = candidate
        # n + z (h − n): one product less than (1 − z) n + z h.
        h = np.subtract(tape.h[step], candidate, out=tape.h[step + 1])
        h *= update
        h += candidate

    def finish(self, tape: GruTape) -> None:
        """Slopes of the gates and of the candidate."""
        for some in runs_of_steps(tape.gates):
            np.divide(tape.gates[some], tape.slopes[some], out=tape.slopes[some])
            preactivation = tape.candidate_slopes[some]
            preactivation[...] = self.activation.derivative(preactivation, tape.candidates[some])

    def backward(self, step: int, dstate: Array, tape: GruTape) -> tuple[Array, Array, Array]:
        """dq differs from dz in the candidate's part, by the reset gate."""
        units = len(dstate)
        reset, update = tape.gates[step, :units], tape.gates[step, units:]
        dz = np.empty((3 * units, dstate.shape[1]), dtype=dstate.dtype)
        of_gates, of_candidate = dz[: 2 * units], dz[2 * units :]
        carried = dstate * update
        np.subtract(dstate, carried, out=of_candidate)
        of_candidate *= tape.candidate_slopes[step]
        np.multiply(of_candidate, tape.products[step], out=of_gates[:units])
        np.subtract(tape.h[step], tape.candidates[step], out=of_gates[units:])
        of_gates[units:] *= dstate
        of_gates *= tape.slopes[step]
        dq = dz.copy()
        dq[2 * units :] *= reset
        return dz, dq, carried

    def activity(self, tape: GruTape) -> None:
        """h is a mixture of the candidate and the state before: no slope of its own."""
