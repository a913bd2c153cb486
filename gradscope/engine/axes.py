"""Which axis of an array holds features: the last one, but the channels (axis 1) of an image (B, C, H, W)."""

from collections.abc import Callable

import numpy as np

from gradscope.engine import Array
from gradscope.engine.pieces import Stretch, of_pieces


def feature_axis(ndim: int) -> int:
    """The axis of features or channels of an array with a batch axis."""
    return 1 if ndim == 4 else ndim - 1


def other_axes(ndim: int) -> tuple[int, ...]:
    """Batch and positions: every axis but the features."""
    return tuple(axis for axis in range(ndim) if axis != feature_axis(ndim))


def entries(x: Array) -> Array:
    """All entries as one row in the order of memory: a view, whatever the order of the axes."""
    return x.ravel(order="K")


def feature_rows(x: Array) -> Array:
    """Every sample, or every position of it, as a row:   (..., F) -> (R, F), a view."""
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


def sample_rows(x: Array) -> Array:
    """Every sample as one row, its entries in one and the same order; a view where images are channel-last:
    (B, ...) -> (B, N)."""
    if x.ndim == 4 and not x.flags.c_contiguous:
        x = x.transpose(0, 2, 3, 1)
    return x.reshape(len(x), -1)


def along_features(vector: Array, x: Array) -> Array:
    """A vector (U,) shaped so that it broadcasts over the batch and positions of x.

    Along a row of a channel-last image it is written out: runs of memory as long as a few channels are
    mostly overhead.
    """
    if x.ndim == 4:
        rows = vector[np.newaxis].repeat(x.shape[3], axis=0)
        return rows.T[np.newaxis, :, np.newaxis]
    return vector.reshape(*[1] * (x.ndim - 1), vector.size)


def sum_to_features(x: Array, entries: Callable[[slice], Array] | None = None) -> Array:
    """Σ over batch and positions, in float64 and given back in x's precision; of what is computed from some
    samples of x where that is given:   -> (U,)."""

    def find(run: Stretch) -> list[Array]:
        return feature_sums(x[run.part] if entries is None else entries(run.part), run.runs)

    sums = of_pieces(x, find)
    total: Array = sum(sums[1:], start=sums[0])
    return total.astype(x.dtype)


_TERMS = 128
"""Of a sum in the array's own precision: few enough to keep 6 digits in float32."""


def feature_sums(x: Array, parts: int = 1) -> list[Array]:
    """Σ over batch and positions in float64, of each of so many equal parts of the batch:   -> (U,).

    Channel-last images are added up in rows of many pixels, ten times as fast as pixel by pixel.
    """
    last = x.transpose(0, 2, 3, 1) if x.ndim == 4 else x
    if not last.flags.c_contiguous or x.size < parts * _TERMS * x.shape[feature_axis(x.ndim)]:
        split = x.reshape(parts, -1, *x.shape[1:]) if parts > 1 else [x]
        return [part.sum(axis=other_axes(x.ndim), dtype=np.float64) for part in split]
    rows = last.reshape(parts, -1, last.shape[-1])
    pixels = rows.shape[1] // _TERMS
    sums = rows[:, : _TERMS * pixels].reshape(parts, _TERMS, -1).sum(axis=1)
    total: Array = sums.reshape(parts, pixels, -1).sum(axis=1, dtype=np.float64)
    if rows.shape[1] > _TERMS * pixels:
        total += rows[:, _TERMS * pixels :].sum(axis=1, dtype=np.float64)
    return [*total]


def sample_feature_sums(x: Array) -> Array:
    """Σ over the positions of each sample in float64:   (B, C, H, W) -> (B, C)."""
    samples, channels, height, width = x.shape
    last = x.transpose(0, 2, 3, 1)
    total: Array
    if not last.flags.c_contiguous:
        total = x.sum(axis=(2, 3), dtype=np.float64)
        return total
    columns = last.reshape(samples, height, width * channels).sum(axis=1)
    total = columns.reshape(samples, width, channels).sum(axis=1, dtype=np.float64)
    return total
