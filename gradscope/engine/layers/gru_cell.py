"""The GRU cell: gates stacked r, z, n, the reset behind the product (Cho et al. 2014, in PyTorch's form)."""

from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.layers.cells import logistic_with_slope


class _Kept(NamedTuple):
    gates: Array
    """r, z (2U, B)."""
    slopes: Array
    """Of the same."""
    candidate: Array
    """n (U, B)."""
    candidate_slope: Array
    product: Array
    """The candidate's part of h U + c, which the reset gate multiplies."""
    before: Array
    """h of the step before."""


class GruCell:
    """h' = (1 − z) n + z h, with r, z = σ of their parts of z + q and n = φ(z_n + r q_n)."""

    gates = 3
    states = 1
    kept = 12

    def __init__(self, activation: Activation):
        self.activation = activation

    def forward(self, z: Array, q: Array, state: Array) -> tuple[Array, _Kept]:
        """Gates are made in place of the preactivations."""
        units = len(state)
        gates, product = q[: 2 * units], q[2 * units :]
        gates += z[: 2 * units]
        slopes = np.empty_like(gates)
        logistic_with_slope(gates, slopes)
        reset, update = gates[:units], gates[units:]
        preactivation = reset * product
        preactivation += z[2 * units :]
        candidate = self.activation.fn(preactivation)
        slope = self.activation.derivative(preactivation, candidate)
        # n + z (h − n): one product less than (1 − z) n + z h.
        h = state - candidate
        h *= update
        h += candidate
        return h, _Kept(gates, slopes, candidate, slope, product, state)

    def backward(self, dstate: Array, cache: _Kept) -> tuple[Array, Array, Array, Array]:
        """dq differs from dz in the candidate's part, by the reset gate."""
        units = len(dstate)
        reset, update = cache.gates[:units], cache.gates[units:]
        dz = np.empty((3 * units, dstate.shape[1]), dtype=dstate.dtype)
        of_gates, of_candidate = dz[: 2 * units], dz[2 * units :]
        carried = dstate * update
        np.subtract(dstate, carried, out=of_candidate)
        of_candidate *= cache.candidate_slope
        np.multiply(of_candidate, cache.product, out=of_gates[:units])
        np.subtract(cache.before, cache.candidate, out=of_gates[units:])
        of_gates[units:] *= dstate
        of_gates *= cache.slopes
        dq = dz.copy()
        dq[2 * units :] *= reset
        return dz, dq, carried, dstate

    def activity(self, cache: _Kept) -> None:
        """h is a mixture of the candidate and the state before: no slope of its own."""
