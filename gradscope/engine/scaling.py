"""Brings arrays into the range their products need: powers of two taken out, exponents kept. Knows no
gradients."""

import math

import numpy as np

from gradscope.engine import Array
from gradscope.engine.magnitude import exp2, log2_l2

_LOW, _HIGH = 2.0**-30, 2.0**60
"""Sums of squares between these can be multiplied with each other in float32, also those of single rows."""

_NORMAL = 126
"""Powers of two up to this, and down to its inverse, are ordinary float32 numbers."""

_SPREAD = 20
"""Powers of two by which rows of a sequence may differ before their sizes are evened out."""


def is_near_one(square: float) -> bool:
    """Whether an array with this sum of squares needs no exponent taken out."""
    return _LOW < square < _HIGH


def near_one(x: Array) -> tuple[Array, int, float]:
    """The array with a norm near 1 if it was far from it, the exponent taken out, and its sum of squares."""
    # Flattened as a whole, steps cut from longer sequences would be copied.
    square = float(np.vdot(x, x)) if x.flags.c_contiguous else sum(float(np.vdot(own, own)) for own in x)
    if is_near_one(square):
        return x, 0, square
    size = log2_l2(x)
    if not math.isfinite(size):
        return x, 0, square
    shift = round(size)
    return np.ldexp(x, -shift), shift, exp2(2.0 * (size - shift))


def evened(x: Array, dy: Array) -> tuple[Array, Array, int] | None:
    """The same products from rows of x that are all of one size, and the exponent taken out; None where the
    sizes of x's rows lie close enough together as they are.

    Along a sequence x may grow as fast as dy shrinks: every step counts, but the squares of neither fit.

    Shapes:
        x: (B, T, I), dy: (B, T, O)
    """
    there, of_x = _row_exponents(x)
    if not there.any() or int(np.ptp(of_x[there])) <= _SPREAD:
        return None
    has_dy, of_dy = _row_exponents(dy)
    there &= has_dy
    if not there.any():
        return None
    both = of_x + of_dy
    top = int(both[there].max())
    below = np.where(there, both - top, 0)
    return np.ldexp(x, -of_x[..., np.newaxis]), np.ldexp(dy, (below - of_dy)[..., np.newaxis]), top


def _row_exponents(x: Array) -> tuple[Array, Array]:
    """Whether there is anything in each row, and the exponent of the largest entry; 0 where there is none."""
    largest = np.maximum(x.max(axis=-1), -x.min(axis=-1))
    return largest != 0.0, np.frexp(largest)[1]


def aligned(uses: list[tuple[Array, int]]) -> tuple[list[Array], int]:
    """Arrays under exponents of their own, under the largest one; what is zero has no scale and no say in it.

    The exponents of a weight's first and last use lie as far apart as the gradient fell or grew in between.
    """
    top = max((exponent for array, exponent in uses if array.any()), default=0)
    return [times_power_of_two(array, exponent - top) for array, exponent in uses], top


def times_power_of_two(array: Array, exponent: int) -> Array:
    """array · 2^exponent."""
    if not exponent:
        return array
    if -_NORMAL <= exponent <= _NORMAL:
        scaled: Array = array * array.dtype.type(2.0**exponent)  # ldexp's bits, several times as fast
        return scaled
    return np.ldexp(array, exponent)


def half_log2(square: float) -> float:
    """log2 √square: −inf for zero, nan for nan."""
    if square > 0.0:
        return 0.5 * math.log2(square)
    return math.nan if math.isnan(square) else -math.inf
