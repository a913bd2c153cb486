"""Two correlated Gaussians behind an activation: E f(u) g(v) as a series in their correlation."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.theory.quadrature import legendre

TERMS = 96
"""Hermite coefficients that are computed; the rest of a kink's series is put into one more term."""

REACH = 9.0

_ORDERS = np.arange(float(TERMS))


class PairAverages(NamedTuple):
    """Averages over two samples a and b whose inputs are correlated."""

    product: float
    """E φ_a φ_b."""
    squares: float
    """E φ_a²φ_b²/(E φ²)²."""
    slopes: float
    """E φ′_a φ′_b/E φ′²."""
    slope_squares: float
    """E φ′_a²φ′_b²/(E φ′²)²."""
    both: float
    """E φ_a²φ′_b²/(E φ² E φ′²)."""


def pair_averages(activation: Activation, variance: float, mean: float, correlation: float) -> PairAverages:
    """At u, v ~ N(mean, variance).

    E f(u) g(v) = Σ f_k g_k c^k with the coefficients of f and g in normalised Hermite polynomials
    (Mehler 1866). What the terms beyond `TERMS` add at c = 1 is known, and for φ also their slope there.
    """
    series = _series(activation, variance, mean)
    c = min(max(correlation, -1.0), 1.0)
    found = series.terms @ c**_ORDERS
    if c > 0.0:
        found = found + series.rest * c**series.rest_power
    product, squares, slopes, slope_squares, both = found.tolist()
    return PairAverages(product, squares, slopes, slope_squares, both)


class _Series(NamedTuple):
    terms: Array
    """(5, TERMS), in the order of `PairAverages`."""
    rest: Array
    """What is missing at c = 1."""
    rest_power: Array


@lru_cache(maxsize=1024)
def _series(activation: Activation, variance: float, mean: float) -> _Series:
    u, hermite = _hermite()
    z = math.sqrt(variance) * u + mean
    h = activation.fn(z)
    slope = activation.derivative(z, h)
    one = hermite[0]
    h2 = np.square(h)
    second, square = float(one @ h2), float(one @ np.square(slope))
    parts = np.empty((4, u.size))
    parts[0] = h
    np.divide(h2, second or 1.0, out=parts[1])
    np.divide(slope, math.sqrt(square or 1.0), out=parts[2])
    np.square(parts[2], out=parts[3])
    terms = _products(parts @ hermite.T)
    rest = _products(parts) @ one - terms.sum(axis=1)
    power = np.full(5, 2.0 * TERMS)
    if rest[0] > 1e-12 * second:  # the slope of E φφ at c = 1 is v E φ′²
        power[0] = max(TERMS, (variance * square - float(terms[0] @ _ORDERS)) / rest[0])
    return _Series(terms, rest, power)


def _products(parts: Array) -> Array:
    """(4, N) -> (5, N): what each of `PairAverages` is an average of."""
    found = np.empty((5, parts.shape[1]))
    np.square(parts, out=found[:4])
    np.multiply(parts[1], parts[3], out=found[4])
    return found


@lru_cache(maxsize=1)
def _hermite() -> tuple[Array, Array]:
    """Nodes (P,), and the normalised Hermite polynomials there times the Gaussian weights (TERMS, P)."""
    graded = 0.5 ** np.arange(2, 9)
    edges = np.sort(np.concatenate([np.arange(-REACH, REACH + 0.1, 0.5), graded, -graded]))
    nodes, node_weights = legendre()
    half = np.diff(edges)[:, None] / 2.0
    u = (edges[:-1, None] + half * (1.0 + nodes[None, :])).ravel()
    weights = np.exp(-0.5 * u * u) * (half * node_weights).ravel() / math.sqrt(2.0 * math.pi)
    rows = np.empty((TERMS, u.size))
    rows[0], rows[1] = weights, weights * u
    for k in range(2, TERMS):
        rows[k] = (u * rows[k - 1] - math.sqrt(k - 1.0) * rows[k - 2]) / math.sqrt(k)
    return u, rows
