"""Statistics of arrays as they pass: each function takes a stack of arrays of one shape and reduces each of
them to a few floats in few passes."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.magnitude import exp2, log2_l2, sum_of_squares, sums_of_squares
from gradscope.engine.pieces import is_large, is_split, of_runs, piece_by_piece
from gradscope.probe.trace import Moments, NumericRange

SATURATED_BELOW = 0.01
"""A slope below this share of the activation's largest counts as saturated."""

FP16_FLUSHED, FP16_LARGEST = -25, 65504.0
"""|g| <= 2^-25 rounds to zero in fp16 (half of its least subnormal, 2^-24)."""
BF16_FLUSHED = -134
"""The same for bf16: half of 2^-133."""
FLUSHED_AT_MOST = 0.01

_LEAST_SQUARE, _LARGEST_SQUARE = 1e-24, 1e30
_RESOLVED, _RESOLVED_CENTRED = 1e-2, 1e-4
"""Gaps above these are known to 5 digits in float32: from cosines, from directions about their mean."""

_IN_A_BYTE = 255
"""The most a byte can count."""

_CANCELLED = 1e-3
"""Below this share of E x², E x² − mean² has lost its digits in float32."""


def moments(rows: Array) -> list[Moments]:
    """Mean, population std, RMS, share of zeros, least and largest entry of each array:   (N, E) -> N."""
    found = [_joined(of_runs(row, _sums)) for row in rows] if is_large(rows) else _sums(rows)
    return [
        Moments(*_spread(row, low, high, total, squares), zeros / len(row), low, high)
        for row, (low, high, total, squares, zeros) in zip(rows, found, strict=True)
    ]


def _spread(x: Array, low: float, high: float, total: float, squares: float) -> tuple[float, float, float]:
    """Mean, std and RMS from the sums."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return float(np.mean(x)), math.nan, math.nan if math.isnan(low + high) else math.inf
    mean = total / x.size
    square = squares / x.size
    variance = square - mean * mean
    if not _CANCELLED * square < variance < 1e30 or square < 1e-30:
        return _careful_moments(x)
    return mean, math.sqrt(variance), math.sqrt(square)


def _counts(mask: Array) -> list[int]:
    """How many are true of each row:   (N, E) -> N."""
    if not mask.any():
        return [0] * len(mask)
    return [int(np.count_nonzero(row)) for row in mask]


_Sums = tuple[float, float, float, float, float]
"""The least and the largest entry, the sums of entries and squares, the number of zeros."""


def _sums(rows: Array) -> list[_Sums]:
    """Of each of several arrays:   (N, E) -> N."""
    low, high, total = (reduce(rows, axis=1).tolist() for reduce in _REDUCTIONS)
    return [*zip(low, high, total, sums_of_squares(rows), _counts(rows == 0.0), strict=True)]


_REDUCTIONS = (np.minimum.reduce, np.maximum.reduce, np.add.reduce)


def _joined(found: list[_Sums]) -> _Sums:
    """Of an array, from those of its runs."""
    low, high, *sums = (np.array(values, dtype=np.float64) for values in zip(*found, strict=True))
    total, squares, zeros = (float(np.add.reduce(values)) for values in sums)
    return float(low.min()), float(high.max()), total, squares, zeros


def _careful_moments(x: Array) -> tuple[float, float, float]:
    """The same in float64, centred before squaring, for arrays that hardly vary or are very large or
    small."""
    wide = x.astype(np.float64)
    mean = float(wide.mean())
    count = 0.5 * math.log2(x.size)
    return mean, exp2(log2_l2(wide - mean) - count), exp2(log2_l2(wide) - count)


def cosine_gaps(samples: Array) -> list[float]:
    """1 − the mean cosine between two samples of each array, from the differences of their directions:
    (N, B, E) -> N, in [0, 1 + 1/(B−1)].

    Float32 cannot resolve the gap below 1e-7 from cosines, so small ones are computed from centred directions
    in float64. A sample that is exactly zero has no direction and is left out; nan with fewer than two
    others.
    """
    count = samples.shape[1]
    if count < 2:
        return [math.nan] * len(samples)
    squares = np.vecdot(samples, samples)
    low, high = (reduce(squares, axis=1).tolist() for reduce in (np.minimum.reduce, np.maximum.reduce))
    scales = np.reciprocal(np.sqrt(squares))
    totals = (scales[:, np.newaxis] @ samples)[:, 0]
    gaps = []
    for number, total in enumerate(sums_of_squares(totals)):
        gap = 1.0 - (total - count) / (count * (count - 1))
        is_safe = low[number] > _LEAST_SQUARE and high[number] < _LARGEST_SQUARE
        if is_safe and gap <= _RESOLVED:
            unit = samples[number] * scales[number, :, np.newaxis]
            unit -= totals[number] / count
            gap = sum_of_squares(unit) / (count - 1)
        is_clear = is_safe and gap > _RESOLVED_CENTRED
        gaps.append(gap if is_clear else _careful_cosine_gap(samples[number]))
    return gaps


def _careful_cosine_gap(rows: Array) -> float:
    wide = rows.astype(np.float64)
    largest = np.abs(wide).max(axis=1, initial=0.0)
    wide = wide[largest > 0.0] / largest[largest > 0.0, None]
    if len(wide) < 2:
        return math.nan
    wide /= np.sqrt(np.einsum("bi,bi->b", wide, wide))[:, None]
    wide -= wide.mean(axis=0)
    return sum_of_squares(wide) / (len(wide) - 1)


def active_counts(slopes: Array) -> list[Array]:
    """How often each unit (feature or channel) of each array had a slope other than zero:
    (N, B, ...) -> N of (U,)."""
    if slopes.ndim == 5:
        return [_active_channels(own) for own in slopes]
    return list(_column_sums((slopes != 0.0).reshape(len(slopes), -1, slopes.shape[-1])))


def _active_channels(slopes: Array) -> Array:
    """(B, C, H, W) -> (C,), by columns of pixels, for long rows of bytes."""
    _, channels, _, width = slopes.shape

    def count(part: slice) -> Array:
        active = (slopes[part] != 0.0).transpose(0, 2, 3, 1)
        return _column_sums(active.reshape(1, -1, width * channels))

    columns = np.add.reduce(piece_by_piece(slopes, count), dtype=np.int32)
    total: Array = np.add.reduce(columns.reshape(width, channels), axis=0, dtype=np.int32)
    return total


def _column_sums(mask: Array) -> Array:
    """How many are true in each column:   (N, R, C) -> (N, C).

    Bytes are added up many at a time, integers of four bytes one after the other.
    """
    rows = mask.view(np.uint8)
    counts = np.zeros((len(rows), rows.shape[2]), dtype=np.int32)
    for start in range(0, rows.shape[1], _IN_A_BYTE):
        counts += np.add.reduce(rows[:, start : start + _IN_A_BYTE], axis=1, dtype=np.uint8)
    return counts


def saturated_fractions(slopes: Array, max_slopes: Sequence[float]) -> list[float]:
    """Share of entries of each array whose |slope| is below 1 % of the steepest:   (N, E) -> N, in [0, 1].

    Source:
        Glorot & Bengio 2010, section 3, for the notion; the 1 % is ours.
    """
    limits = np.array([SATURATED_BELOW * slope for slope in max_slopes])
    # A limit beyond the precision of the slopes is beyond each of them.
    limits = limits.astype(slopes.dtype)[:, np.newaxis]
    if not is_large(slopes):
        return [count / slopes.shape[1] for count in _smaller(limits, slopes)]
    return [
        sum(of_runs(row, partial(_smaller, limit))) / len(row)
        for row, limit in zip(slopes, limits, strict=True)
    ]


def _smaller(limit: Array, slopes: Array) -> list[int]:
    """How many of each of several arrays are:   (N, E) -> N."""
    return _counts(np.abs(slopes) < limit)


def numeric_ranges(mantissas: Array, exponents: Sequence[int]) -> list[NumericRange]:
    """What fp16 and bf16 would round to zero of the non-zero entries of each signal, and the loss scale that
    would save them:   (N, E), N -> N.

    Source:
        Micikevicius et al. 2018, section 3.2 (loss scaling).
    """
    if not is_split(mantissas):
        sizes = np.abs(mantissas)
        known = [
            _Sizes(len(own), partial(_at_most, own), largest, zeros)
            for own, largest, zeros in zip(sizes, *_largest_and_zeros(sizes), strict=True)
        ]
    else:
        known = [_sizes_by_runs(row) for row in mantissas]
    return [_numeric_range(own, exponent) for own, exponent in zip(known, exponents, strict=True)]


class _Sizes(NamedTuple):
    """The sizes of a signal's entries."""

    entries: int
    at_most: Callable[[float], int]
    """How many are no larger."""
    largest: float
    zeros: int


def _at_most(sizes: Array, bound: float) -> int:
    return int(np.count_nonzero(sizes <= bound))


def _sizes_by_runs(row: Array) -> _Sizes:
    """Of a large array; they are found anew whenever they are asked for, while a run is in cache."""
    found = of_runs(row, lambda runs: [_largest_and_zeros(np.abs(runs))])
    largest, zeros = ([*chain.from_iterable(facts)] for facts in zip(*found, strict=True))
    return _Sizes(
        len(row),
        lambda bound: sum(of_runs(row, lambda runs: [_at_most(np.abs(runs), bound)])),
        float(np.max(largest)),
        sum(zeros),
    )


def _largest_and_zeros(sizes: Array) -> tuple[list[float], list[int]]:
    """Of each of several arrays:   (N, E) -> N, N."""
    return np.maximum.reduce(sizes, axis=1).tolist(), _counts(sizes == 0.0)


def _numeric_range(sizes: _Sizes, exponent: int) -> NumericRange:
    count, at_most, largest, zeros = sizes
    if not math.isfinite(largest):
        return NumericRange(math.nan, math.nan, None)
    if zeros == count:
        return NumericRange(0.0, 0.0, 0)

    def flushed(limit: int) -> float:
        """Share of the non-zero entries that are at most 2^limit."""
        return (at_most(_power_of_two(limit - exponent)) - zeros) / (count - zeros)

    fp16 = flushed(FP16_FLUSHED)
    bf16 = flushed(BF16_FLUSHED) if fp16 > 0.0 else 0.0
    headroom = math.floor(math.log2(FP16_LARGEST / largest)) - exponent
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
