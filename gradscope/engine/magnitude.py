"""The L2 norm of an array at any scale, as a base-2 logarithm; says nothing about what the array is."""

import math
from collections.abc import Iterable

import numpy as np

from gradscope.engine import Array
from gradscope.engine.axes import entries

_SAFE = {np.dtype(np.float32): (1e-24, 1e30), np.dtype(np.float64): (1e-200, 1e280)}
"""Between these a sum of squares has neither lost small entries nor overflowed."""

PIECE = 1 << 14
"""Values summed at once in the array's own precision; partial sums are added in float64.

Equal values are the worst case, all roundings going the same way: of 2^16 of them five digits were left.
"""


def sum_of_squares(x: Array) -> float:
    """Σ x² in the array's own precision by BLAS, in pieces short enough to keep 6 digits in float32."""
    if x.size <= PIECE:
        return float(np.vdot(x, x))
    return sums_of_squares(entries(x)[np.newaxis])[0]


def sums_of_squares(rows: Array) -> list[float]:
    """The same of each of several arrays:   (N, E) -> N."""
    count, size = rows.shape
    if size <= PIECE:
        of_rows: list[float] = np.vecdot(rows, rows).tolist()
        return of_rows
    whole = size - size % PIECE
    pieces, rest = rows[:, :whole].reshape(count, -1, PIECE), rows[:, whole:]
    with np.errstate(over="ignore", invalid="ignore"):  # as silent as vdot; what comes out says enough
        squares = np.vecdot(pieces, pieces).sum(axis=1, dtype=np.float64)
        found: list[float] = (squares + np.vecdot(rest, rest)).tolist()
    return found


def log2_l2(x: Array, square: float | None = None) -> float:
    """log2 ‖x‖₂: −inf for an exact zero, inf or nan when an entry is, and finite whenever every entry is.

    Args:
        x: any shape.
        square: its `sum_of_squares`, where that is known.
    """
    if square is None:
        square = sum_of_squares(x)
    low, high = _SAFE[x.dtype]
    if low < square < high:
        return 0.5 * math.log2(square)
    if square == 0.0 and not x.any():
        return -math.inf
    if x.dtype == np.float32:  # of which no square leaves the range of float64
        return log2_l2(x.astype(np.float64))
    largest = float(np.max(np.abs(x)))
    if not math.isfinite(largest):
        return largest
    shift = math.frexp(largest)[1]
    return 0.5 * math.log2(sum_of_squares(np.ldexp(x, -shift))) + shift


def joint_log2_l2(parts: Iterable[float]) -> float:
    """log2 of the L2 norm over several arrays together, from their own log2 norms."""
    norms = list(parts)
    if len(norms) == 1:
        return norms[0]
    largest = max(norms, default=-math.inf)
    if any(math.isnan(norm) for norm in norms):
        return math.nan
    if not math.isfinite(largest):
        return largest
    return largest + 0.5 * math.log2(math.fsum(math.exp2(2.0 * (norm - largest)) for norm in norms))


def exp2(exponent: float) -> float:
    """2^exponent, inf beyond the largest float."""
    try:
        return math.exp2(exponent)
    except OverflowError:
        return math.inf
