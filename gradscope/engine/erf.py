"""The error function of whole arrays, which NumPy lacks and the exact GELU needs. Scalars have `math.erf`."""

import math
from functools import cache

import numpy as np

from gradscope.engine import Array

_LIMIT = 6.0
"""Beyond it erf is ±1 to the last digit of float64: erfc(6) = 2.2e-17."""
_NODES_PER_UNIT = 2048
"""A power of two, so that scaling to the nodes and the distance from the nearest one are exact."""
_ORDERS = {np.dtype(np.float32): 1, np.dtype(np.float64): 3}
"""Order of the Taylor polynomial about the nearest node; it leaves out 3e-8 in float32, 3e-16 in float64."""


def erf(x: Array) -> Array:
    """2/√π ∫₀ˣ exp(−t²) dt of every entry, within 1e-15 in float64 and 1.2e-7 in float32.

    A Taylor polynomial about the nearest of 24,577 nodes: fewer passes over the array than a rational form of
    the same accuracy takes, whose every product is one.
    """
    coefficients = _coefficients(x.dtype)
    distance = x.clip(-_LIMIT, _LIMIT)
    distance *= _NODES_PER_UNIT
    nearest = np.rint(distance)
    distance -= nearest
    nearest += _LIMIT * _NODES_PER_UNIT
    # By way of int32, the fast conversion. A nan becomes some number here, which the gather clips to a node;
    # the distance, still nan, has the last word.
    index = nearest.astype(np.int32).astype(np.intp)
    total: Array = coefficients[0].take(index, mode="clip")
    for coefficient in coefficients[1:]:
        total *= distance
        total += coefficient.take(index, mode="clip")
    return total


@cache
def _coefficients(dtype: np.dtype[np.floating]) -> tuple[Array, ...]:
    """Taylor coefficients of every node, in units of the nodes' spacing, highest order first; takes 3 ms."""
    half = np.arange(_LIMIT * _NODES_PER_UNIT + 1.0) / _NODES_PER_UNIT
    positive = np.array([math.erf(x) for x in half.tolist()])
    value = np.concatenate((-positive[:0:-1], positive))
    node = np.concatenate((-half[:0:-1], half))
    slope = 2.0 / math.sqrt(math.pi) * np.exp(-np.square(node))
    derivatives = (value, slope, -2.0 * node * slope, (4.0 * np.square(node) - 2.0) * slope)
    orders = range(_ORDERS[dtype], -1, -1)
    return tuple(
        (derivatives[order] / (math.factorial(order) * float(_NODES_PER_UNIT) ** order)).astype(dtype)
        for order in orders
    )
