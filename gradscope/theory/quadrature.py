"""Gaussian averages E f(z), z ~ N(mean, variance), exact to rounding for smooth pieces between kinks."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array

REACH = 12.0
"""|z|/√q up to which the Gaussian weight is above 1e-32."""

POINTS = 20
"""Gauss–Legendre points a cell. (Gauss–Hermite with 180 points is off by 1e-2 for a saturated tanh.)"""


class Nodes(NamedTuple):
    """Where a Gaussian average is taken, and with what weights."""

    z: Array
    weights: Array
    following: Array
    """(3, nodes): the weights themselves, and those of the first and second derivative of the average by
    the logarithm of the variance."""


@np.errstate(all="ignore")  # an average that is no number says so itself
def gaussian_mean(
    f: Callable[[Array], Array], variance: float, kinks: tuple[float, ...] = (), mean: float = 0.0
) -> float:
    """E f(z), z ~ N(mean, variance), for f smooth between the kinks and varying on a scale of 1/4 or more.

    NaN where the variance is no number.
    """
    if not variance < math.inf:
        return math.nan
    nodes = gaussian_nodes(variance, kinks, mean)
    return float(np.dot(nodes.weights, f(nodes.z)))


@lru_cache(maxsize=64)
def gaussian_nodes(variance: float, kinks: tuple[float, ...], mean: float) -> Nodes:
    """Of N(mean, variance).

    Source:
        Golub & Welsch 1969 for the nodes; cells are split at the kinks and graded towards 0, where
        activations bend.
    """
    deviation = math.sqrt(variance)
    if mean == 0.0 and not any(kinks):
        # Graded cells need no more than their order of magnitude to be right: most layers share one grid.
        u, weights, following = _grid(2.0 ** round(math.log2(deviation)), (), 0.0)
    else:
        u, weights, following = _grid(deviation, kinks, mean)
    return Nodes(u * deviation + mean, weights, following)


@lru_cache(maxsize=64)
def _grid(deviation: float, kinks: tuple[float, ...], mean: float) -> Nodes:
    """In units of the deviation."""
    nodes, node_weights = legendre()
    edges = _edges(deviation, kinks, mean)
    half = np.diff(edges)[:, None] / 2.0
    u = (edges[:-1, None] + half * (1.0 + nodes)).ravel()
    square = u * u
    weights = np.exp(-0.5 * square) * (half * node_weights).ravel() / math.sqrt(2.0 * math.pi)
    first = 0.5 * (square - 1.0)
    return Nodes(u, weights, weights * np.stack([np.ones_like(u), first, first * first - 0.5 * square]))


def _edges(deviation: float, kinks: tuple[float, ...], mean: float) -> Array:
    """Cell edges in units of the deviation: the Gaussian's own scale, the activation's scale, and its
    kinks."""
    graded = np.concatenate([np.arange(0.25, 8.0, 0.5), 8.0 * 1.5 ** np.arange(0, 12)])
    own = np.concatenate([[0.0], graded, -graded, np.array(kinks, dtype=np.float64)])
    own = (own - mean) / deviation
    edges = np.concatenate([np.arange(-REACH, REACH + 0.5), own[np.abs(own) < REACH]])
    return np.sort(edges)  # an edge given twice makes an empty cell, which adds nothing


@lru_cache(maxsize=1)
def legendre() -> tuple[Array, Array]:
    """Nodes in [−1, 1] and their weights."""
    n = np.arange(1, POINTS)
    off_diagonal = n / np.sqrt(4.0 * n * n - 1.0)
    nodes, vectors = np.linalg.eigh(np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1))
    return nodes, 2.0 * vectors[0] ** 2
