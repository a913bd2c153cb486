"""Statistics of one array as it passes: each function reduces it to a few floats in few passes."""

import math
from bisect import bisect_left
from collections.abc import Callable

import numpy as np

from gradscope.engine import Array
from gradscope.engine.axes import entries, other_axes, sample_rows
from gradscope.engine.magnitude import exp2, log2_l2, sum_of_squares
from gradscope.engine.signal import Signal
from gradscope.probe.trace import Moments, NumericRange

SATURATED_BELOW = 0.01
"""A slope below this share of the activation's largest counts as saturated."""

FP16_FLUSHED, FP16_LARGEST = -25, 65504.0
"""|g| <= 2^-25 rounds to zero in fp16 (half of its least subnormal, 2^-24)."""
BF16_FLUSHED = -134
"""The same for bf16: half of 2^-133."""
FLUSHED_AT_MOST = 0.01

_LEAST_SQUARE, _LARGEST_SQUARE = 1e-24, 1e30
_RESOLVED = 1e-2
"""Gaps above this are known to 5 digits from float32 cosines."""

_CANCELLED = 1e-3
"""Below this share of E x², E x² − mean² has lost its digits in float32."""


def moments(x: Array) -> Moments:
    """Mean, population std, RMS, share of zeros, least and largest entry of an array of any shape."""
    flat = entries(x)
    low, high = float(np.minimum.reduce(flat)), float(np.maximum.reduce(flat))
    if not (math.isfinite(low) and math.isfinite(high)):
        zeros = 1.0 - int(np.count_nonzero(x)) / x.size
        return Moments(
            float(np.mean(x)), math.nan, math.nan if math.isnan(low + high) else math.inf, zeros, low, high
        )
    mean = float(np.add.reduce(flat)) / x.size
    square = sum_of_squares(x) / x.size
    variance = square - mean * mean
    if not _CANCELLED * square < variance < 1e30 or square < 1e-30:
        mean, std, rms = _careful_moments(x)
    else:
        std, rms = math.sqrt(variance), math.sqrt(square)
    zeros = 0.0 if low > 0.0 or high < 0.0 else int(np.count_nonzero(x == 0.0)) / x.size
    return Moments(mean, std, rms, zeros, low, high)


def _careful_moments(x: Array) -> tuple[float, float, float]:
    """The same in float64, centred before squaring, for arrays that hardly vary or are very large or
    small."""
    wide = x.astype(np.float64)
    mean = float(wide.mean())
    count = 0.5 * math.log2(x.size)
    return mean, exp2(log2_l2(wide - mean) - count), exp2(log2_l2(wide) - count)


def cosine_gap(x: Array) -> float:
    """1 − the mean cosine between two samples, from the differences of their directions:   x (B, ...) -> [0,
    1 + 1/(B−1)].

    Float32 cannot resolve the gap below 1e-7 from cosines, so small ones are computed from centred directions
    in float64. A sample that is exactly zero has no direction and is left out; nan with fewer than two
    others.
    """
    rows = sample_rows(x)
    squares = np.einsum("bi,bi->b", rows, rows)
    count = len(rows)
    if count > 1 and squares.min() > _LEAST_SQUARE and squares.max() < _LARGEST_SQUARE:
        total = np.reciprocal(np.sqrt(squares)) @ rows
        gap = 1.0 - (float(np.dot(total, total)) - count) / (count * (count - 1))
        if gap > _RESOLVED:
            return gap
    return _careful_cosine_gap(rows)


def _careful_cosine_gap(rows: Array) -> float:
    wide = rows.astype(np.float64)
    largest = np.abs(wide).max(axis=1, initial=0.0)
    wide = wide[largest > 0.0] / largest[largest > 0.0, None]
    if len(wide) < 2:
        return math.nan
    wide /= np.sqrt(np.einsum("bi,bi->b", wide, wide))[:, None]
    wide -= wide.mean(axis=0)
    return sum_of_squares(wide) / (len(wide) - 1)


def active_counts(slopes: Array) -> Array:
    """How often each unit (feature or channel) had a slope other than zero:   slopes (B, ...) -> (U,)."""
    counts: Array = np.add.reduce(slopes != 0.0, axis=other_axes(slopes.ndim), dtype=np.int32)
    return counts


def saturated_fraction(slopes: Array, max_slope: float) -> float:
    """Share of entries whose |slope| is below 1 % of the steepest:   slopes (B, ...) -> [0, 1].

    Source:
        Glorot & Bengio 2010, section 3, for the notion; the 1 % is ours.
    """
    return int(np.count_nonzero(np.abs(slopes) < SATURATED_BELOW * max_slope)) / slopes.size


def numeric_range(dy: Signal) -> NumericRange:
    """What fp16 and bf16 would round to zero of the non-zero entries, and the loss scale that would save
    them.

    Source:
        Micikevicius et al. 2018, section 3.2 (loss scaling).
    """
    size = np.abs(dy.mantissa)
    largest = float(np.maximum.reduce(size, axis=None))
    if not math.isfinite(largest):
        return NumericRange(math.nan, math.nan, None)
    zeros = int(np.count_nonzero(size == 0.0))
    if zeros == size.size:
        return NumericRange(0.0, 0.0, 0)

    def flushed(limit: int) -> float:
        """Share of the non-zero entries that are at most 2^limit."""
        return (int(np.count_nonzero(size <= _power_of_two(limit - dy.exponent))) - zeros) / (
            size.size - zeros
        )

    fp16 = flushed(FP16_FLUSHED)
    bf16 = flushed(BF16_FLUSHED) if fp16 > 0.0 else 0.0
    headroom = math.floor(math.log2(FP16_LARGEST / largest)) - dy.exponent
    return NumericRange(fp16, bf16, _loss_scale(fp16, flushed, headroom))


def _loss_scale(unscaled: float, flushed: Callable[[int], float], headroom: int) -> int | None:
    """The least s >= 0 that leaves few enough entries flushed, up to the headroom of the largest entry."""
    if headroom < 0:
        return None
    if unscaled < FLUSHED_AT_MOST:
        return 0
    if flushed(FP16_FLUSHED - headroom) >= FLUSHED_AT_MOST:
        return None
    return bisect_left(range(headroom), True, key=lambda s: flushed(FP16_FLUSHED - s) < FLUSHED_AT_MOST)


def _power_of_two(exponent: int) -> float:
    try:
        return math.ldexp(1.0, exponent)
    except OverflowError:
        return math.inf
