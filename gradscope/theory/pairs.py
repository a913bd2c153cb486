"""Correlations behind an activation: E φ(u) φ(v) for two correlated Gaussians."""

import math
from functools import lru_cache

import numpy as np

from gradscope.engine.activations import Activation
from gradscope.theory.quadrature import gaussian_mean

POINTS = 240
"""Of the trapezoid in each of both directions."""

REACH = 8.0


@lru_cache(maxsize=8192)
def pair_moment(activation: Activation, mean: float, variance: float, covariance: float) -> float:
    """E φ(u) φ(v), both N(mean, variance) with the given covariance.

    Given what both share, t, they are independent: E_t (E_e φ(mean + √c t + √(v − c) e))² for c >= 0; for c
    < 0 the second one gets −√|c| t.
    """
    shared = min(abs(covariance), variance)
    if shared == 0.0:
        return gaussian_mean(activation.fn, variance, activation.kinks, mean) ** 2
    t, weights = _grid()
    own = math.sqrt(max(variance - shared, 0.0)) * t
    inner = activation.fn((mean + math.sqrt(shared) * t)[:, None] + own) @ weights
    if covariance >= 0.0:
        return float(np.dot(weights, inner * inner))
    return float(np.dot(weights, inner * inner[::-1]))


@lru_cache(maxsize=1)
def _grid() -> tuple[
    "np.ndarray[tuple[int], np.dtype[np.float64]]", "np.ndarray[tuple[int], np.dtype[np.float64]]"
]:
    t = np.linspace(-REACH, REACH, POINTS)
    weights = np.exp(-0.5 * t * t)
    return t, weights / weights.sum()
