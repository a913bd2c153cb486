"""χ₁ of many networks at once: the length map of an activation tabulated once, iterated for all of them
together."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.theory.mean_field import second_moment, second_moment_of_slope

REACH = 1e10
"""Variances are followed between this and its reciprocal."""

POINTS = 1201
"""Of the table, evenly in ln q: moments between them are right to some 1e-5."""

STEPS = 100


def chi_map(activation: Activation, sigma_w2: Array, sigma_b2: Array) -> Array:
    """χ₁ at the fixed point reached from q = 1, for each pair of (σ_w², σ_b²)."""
    table = _table(activation)
    q = np.ones_like(sigma_w2)
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            once = _next(table, sigma_w2, sigma_b2, q)
            twice = _next(table, sigma_w2, sigma_b2, once)
            # Steffensen's jump to where a slow, geometric approach ends, while it goes the iteration's own
            # way.
            bend = twice - 2.0 * once + q
            ahead = np.where(bend != 0.0, q - (once - q) ** 2 / bend, twice)
            trusted = (ahead > 1.0 / REACH) & (ahead < REACH) & ((ahead - once) * (once - q) > 0.0)
            q, before = np.where(trusted, ahead, twice), q
            if np.allclose(q, before, rtol=1e-9, atol=0.0):
                break
    slopes: Array = sigma_w2 * np.interp(np.log(q), table.log_q, table.slope)
    return slopes


class _Table(NamedTuple):
    log_q: Array
    log_second: Array
    slope: Array


def _next(table: _Table, sigma_w2: Array, sigma_b2: Array, q: Array) -> Array:
    second = np.exp(np.interp(np.log(q), table.log_q, table.log_second))
    clipped: Array = np.clip(sigma_w2 * second + sigma_b2, 1.0 / REACH, REACH)
    return clipped


@lru_cache(maxsize=16)
def _table(activation: Activation) -> _Table:
    log_q = np.linspace(-math.log(REACH), math.log(REACH), POINTS)
    variances = np.exp(log_q)
    second = np.array([second_moment.__wrapped__(activation, float(q)) for q in variances])
    slope = np.array([second_moment_of_slope.__wrapped__(activation, float(q)) for q in variances])
    return _Table(log_q, np.log(np.maximum(second, 1e-300)), slope)
