"""The GRU cell: gates stacked r, z, n, the reset behind the product (Cho et al. 2014, in PyTorch's form)."""

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.layers.cells import Runs, logistic_with_total


class GruTape:
    """h, and the factors of the way back; of the steps of one run what they are made of."""

    def __init__(self, room: Array):
        units = room.shape[1] // 6
        self.h = room[:, :units]
        self.factors = room[1:, units : 4 * units]
        """What dh is multiplied by to give dq."""
        self.candidate_factors = room[1:, 4 * units : 5 * units]
        """What dh is multiplied by to give the candidate's part of dz."""
        self.kept = room[1:, 5 * units :]
        """z, the update gate."""
        self.runs = Runs(self.factors)
        steps, samples = self.runs.most, room.shape[2]
        self.gates = np.empty((steps, 2 * units, samples), dtype=room.dtype)
        """r and z."""
        self.totals = np.empty_like(self.gates)
        """1 + e^z of both."""
        candidates = np.empty((3, steps, units, samples), dtype=room.dtype)
        self.preactivations, self.candidates, self.products = candidates
        """The preactivation of n; n itself, the candidate; and its part of h U + c, which r multiplies."""


class GruCell:
    """h' = (1 − z) n + z h, with r, z = σ of their parts of z + q and n = φ(z_n + r q_n)."""

    gates = 3
    states = 1
    rows = 6
    has_own_dq = True

    def __init__(self, activation: Activation):
        self.activation = activation

    def tape(self, room: Array) -> GruTape:
        """As it is laid out."""
        return GruTape(room)

    def forward(self, step: int, z: Array, q: Array, tape: GruTape) -> None:
        """The factors are made a run of steps at a time."""
        units = tape.h.shape[1]
        place = tape.runs.place(step)
        gates, product = tape.gates[place], tape.products[place]
        np.add(z[: 2 * units], q[: 2 * units], out=gates)
        logistic_with_total(gates, tape.totals[place])
        reset, update = gates[:units], gates[units:]
        product[...] = q[2 * units :]
        preactivation = np.multiply(reset, product, out=tape.preactivations[place])
        preactivation += z[2 * units :]
        candidate = self.activation.fn(preactivation)
        tape.candidates[place] = candidate
        # n + z (h − n): one product less than (1 − z) n + z h.
        h = np.subtract(tape.h[step], candidate, out=tape.h[step + 1])
        h *= update
        h += candidate
        if run := tape.runs.complete(step):
            self._differentiate(run, tape)

    def _differentiate(self, run: slice, tape: GruTape) -> None:
        """σ′ is the gate over its total."""
        steps = run.stop - run.start
        units = tape.h.shape[1]
        gates, candidate = tape.gates[:steps], tape.candidates[:steps]
        reset, update = gates[:, :units], gates[:, units:]
        factors = tape.factors[run]
        into_reset, into_update, into_product = np.split(factors, 3, axis=1)
        of_candidate = np.subtract(1.0, update, out=tape.candidate_factors[run])
        of_candidate *= self.activation.derivative(tape.preactivations[:steps], candidate)
        np.divide(gates, tape.totals[:steps], out=factors[:, : 2 * units])
        into_reset *= of_candidate
        into_reset *= tape.products[:steps]
        into_update *= tape.h[run] - candidate
        np.multiply(of_candidate, reset, out=into_product)
        tape.kept[run] = update

    def backward(self, step: int, dstate: Array, tape: GruTape) -> tuple[Array, Array]:
        """dq differs from dz in the candidate's part, by the reset gate."""
        units = len(dstate)
        dq = (tape.factors[step].reshape(3, units, -1) * dstate).reshape(3 * units, -1)
        dz = np.empty_like(dq)
        dz[: 2 * units] = dq[: 2 * units]
        np.multiply(tape.candidate_factors[step], dstate, out=dz[2 * units :])
        return dz, dq

    def carry(self, step: int, dstate: Array, before: Array, tape: GruTape) -> None:
        """h passes what it keeps."""
        before += dstate * tape.kept[step]

    def activity(self, tape: GruTape) -> None:
        """h is a mixture of the candidate and the state before: no slope of its own."""
