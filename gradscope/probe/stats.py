"""Statistics of arrays as they pass: each function takes a stack of arrays of one shape and reduces each of
them to a few floats in few passes."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.magnitude import exp2, log2_l2, sum_of_squares, sums_of_squares
from gradscope.engine.pieces import in_runs, is_large, piece_by_piece
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
    found = in_runs(rows, lambda run: [task(run) for task in _SUMS])
    low, high, total, squares, zeros = found[0] if len(found) == 1 else _joined(found)
    spreads = map(_spread, rows, low, high, total, squares)
    shares = [count / rows.shape[1] for count in zeros]
    return [Moments(*spread, *rest) for spread, *rest in zip(spreads, shares, low, high, strict=True)]


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


_SUMS: tuple[Callable[[Array], Sequence[float]], ...] = (
    lambda rows: np.minimum.reduce(rows, axis=1).tolist(),
    lambda rows: np.maximum.reduce(rows, axis=1).tolist(),
    lambda rows: np.add.reduce(rows, axis=1).tolist(),
    sums_of_squares,
    lambda rows: _counts(rows == 0.0),
)


def _joined(found: list[list[Sequence[float]]]) -> list[list[float]]:
    """What was found of all runs of the arrays, from that of each."""
    reductions = (np.minimum, np.maximum, np.add, np.add, np.add)
    of_runs = (np.array(values, dtype=np.float64) for values in zip(*found, strict=True))
    return [reduce.reduce(values).tolist() for reduce, values in zip(reductions, of_runs, strict=True)]


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
    rows = (slopes != 0.0).view(np.uint8).reshape(len(slopes), -1, slopes.shape[-1])
    # Bytes are added up many at a time, integers of four bytes one after the other.
    counts = np.zeros((len(rows), rows.shape[2]), dtype=np.int32)
    for start in range(0, rows.shape[1], _IN_A_BYTE):
        counts += np.add.reduce(rows[:, start : start + _IN_A_BYTE], axis=1, dtype=np.uint8)
    return list(counts)


def _active_channels(slopes: Array) -> Array:
    """(B, C, H, W) -> (C,)."""

    def count(part: slice) -> Array:
        counts: Array = np.add.reduce(slopes[part] != 0.0, axis=(0, 2, 3), dtype=np.int32)
        return counts

    total: Array = np.add.reduce(piece_by_piece(slopes, count))
    return total


def saturated_fractions(slopes: Array, max_slopes: Sequence[float]) -> list[float]:
    """Share of entries of each array whose |slope| is below 1 % of the steepest:   (N, E) -> N, in [0, 1].

    Source:
        Glorot & Bengio 2010, section 3, for the notion; the 1 % is ours.
    """
    limits = np.array([SATURATED_BELOW * slope for slope in max_slopes])
    # A limit beyond the precision of the slopes is beyond each of them.
    limits = limits.astype(slopes.dtype)[:, np.newaxis]
    counts = in_runs(slopes, lambda run: _counts(np.abs(run) < limits))
    return [sum(of_runs) / slopes.shape[1] for of_runs in zip(*counts, strict=True)]


def numeric_ranges(mantissas: Array, exponents: Sequence[int]) -> list[NumericRange]:
    """What fp16 and bf16 would round to zero of the non-zero entries of each signal, and the loss scale that
    would save them:   (N, E), N -> N.

    Source:
        Micikevicius et al. 2018, section 3.2 (loss scaling).
    """
    if not is_large(mantissas):
        sizes = np.abs(mantissas)
        facts = zip(*_largest_and_zeros(sizes), strict=True)
        return [
            _numeric_range(_Sizes(len(size), _at_once(size), *own), exponent)
            for size, own, exponent in zip(sizes, facts, exponents, strict=True)
        ]
    return [
        _numeric_range(_sizes_by_runs(row), exponent)
        for row, exponent in zip(mantissas, exponents, strict=True)
    ]


_OfRuns = Callable[[Callable[[Array], int]], list[int]]
"""What a task finds of each of some runs of them, or of all."""


class _Sizes(NamedTuple):
    """The sizes of a signal's entries."""

    entries: int
    of_runs: _OfRuns
    largest: float
    zeros: int


def _at_once(sizes: Array) -> _OfRuns:
    return lambda task: [task(sizes)]


def _sizes_by_runs(row: Array) -> _Sizes:
    """Of a large array; they are found anew whenever they are asked for, while a run is in cache."""
    found = in_runs(row[np.newaxis], lambda run: _largest_and_zeros(np.abs(run)))
    largest, zeros = (np.array(values) for values in zip(*found, strict=True))
    return _Sizes(
        len(row),
        lambda task: in_runs(row[np.newaxis], lambda run: task(np.abs(run))),
        float(largest.max()),
        int(zeros.sum()),
    )


def _largest_and_zeros(sizes: Array) -> tuple[list[float], list[int]]:
    """Of each of several arrays:   (N, E) -> N, N."""
    return np.maximum.reduce(sizes, axis=1).tolist(), _counts(sizes == 0.0)


def _numeric_range(sizes: _Sizes, exponent: int) -> NumericRange:
    count, of_runs, largest, zeros = sizes
    if not math.isfinite(largest):
        return NumericRange(math.nan, math.nan, None)
    if zeros == count:
        return NumericRange(0.0, 0.0, 0)

    def flushed(limit: int) -> float:
        """Share of the non-zero entries that are at most 2^limit."""
        bound = _power_of_two(limit - exponent)
        found = sum(of_runs(lambda size: int(np.count_nonzero(size <= bound))))
        return (found - zeros) / (count - zeros)

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
