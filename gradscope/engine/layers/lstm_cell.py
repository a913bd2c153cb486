"""The LSTM cell: gates stacked i, f, g, o (Hochreiter & Schmidhuber 1997; forget gate of Gers et al.
2000)."""

from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.layers.cells import logistic_with_slope


class _Kept(NamedTuple):
    gates: Array
    """i, f, g, o (4U, B)."""
    slopes: Array
    """Of the same."""
    before: Array
    """c of the step before (U, B)."""
    shown: Array
    """φ(c)."""
    shown_slope: Array


class LstmCell:
    """c' = f c + i g, h' = o φ(c'), with i, f, o = σ and g = φ of their parts of z + q; the state is h over
    c."""

    gates = 4
    states = 2
    kept = 16

    def __init__(self, activation: Activation):
        self.activation = activation

    def forward(self, z: Array, q: Array, state: Array) -> tuple[Array, _Kept]:
        """Gates and slopes are made in place of the preactivations."""
        q += z
        units = len(state) // 2
        slopes = np.empty_like(q)
        logistic_with_slope(q[: 2 * units], slopes[: 2 * units])
        logistic_with_slope(q[3 * units :], slopes[3 * units :])
        preactivation = q[2 * units : 3 * units]
        candidate = self.activation.fn(preactivation)
        slopes[2 * units : 3 * units] = self.activation.derivative(preactivation, candidate)
        preactivation[...] = candidate
        i, f, g, o = _quarters(q)
        before = state[units:]
        new = np.empty_like(state)
        h, c = new[:units], new[units:]
        np.multiply(f, before, out=c)
        c += np.multiply(i, g, out=h)
        shown = self.activation.fn(c)
        np.multiply(o, shown, out=h)
        return new, _Kept(q, slopes, before, shown, self.activation.derivative(c, shown))

    def backward(self, dstate: Array, cache: _Kept) -> tuple[Array, Array, Array, Array]:
        """h tells c first: dc = dc' + dh o φ′(c)."""
        units = len(dstate) // 2
        i, f, g, o = _quarters(cache.gates)
        total = dstate.copy()
        dh, dc = total[:units], total[units:]
        dz = np.empty_like(cache.gates)
        into_i, into_f, into_g, into_o = _quarters(dz)
        np.multiply(dh, o, out=into_o)
        into_o *= cache.shown_slope
        dc += into_o
        np.multiply(dc, g, out=into_i)
        np.multiply(dc, cache.before, out=into_f)
        np.multiply(dc, i, out=into_g)
        np.multiply(dh, cache.shown, out=into_o)
        dz *= cache.slopes
        carried = np.zeros_like(dstate)
        np.multiply(dc, f, out=carried[units:])
        return dz, dz, carried, total

    def activity(self, cache: _Kept) -> None:
        """h is a gate times φ(c): no slope of its own."""


def _quarters(x: Array) -> tuple[Array, Array, Array, Array]:
    """The parts (U, B) of x (4U, B)."""
    units = len(x) // 4
    return x[:units], x[units : 2 * units], x[2 * units : 3 * units], x[3 * units :]
