"""Which axis of an array holds features: the last one, but the channels (axis 1) of an image (B, C, H, W)."""

import numpy as np

from gradscope.engine import Array


def feature_axis(ndim: int) -> int:
    """The axis of features or channels of an array with a batch axis."""
    return 1 if ndim == 4 else ndim - 1


def other_axes(ndim: int) -> tuple[int, ...]:
    """Batch and positions: every axis but the features."""
    return tuple(axis for axis in range(ndim) if axis != feature_axis(ndim))


def entries(x: Array) -> Array:
    """All entries as one row in the order of memory: a view, whatever the order of the axes."""
    return x.ravel(order="K")


def sample_rows(x: Array) -> Array:
    """Every sample as one row, its entries in one and the same order; a view where images are channel-last:
    (B, ...) -> (B, N)."""
    if x.ndim == 4 and not x.flags.c_contiguous:
        x = x.transpose(0, 2, 3, 1)
    return x.reshape(len(x), -1)


def along_features(vector: Array, ndim: int) -> Array:
    """A vector (U,) shaped so that it broadcasts over batch and positions."""
    shape = [1] * ndim
    shape[feature_axis(ndim)] = vector.size
    return vector.reshape(shape)


def sum_to_features(x: Array) -> Array:
    """Σ over batch and positions, in float64 and given back in x's precision:   -> (U,)."""
    return _feature_sums(x).astype(x.dtype)


def mean_to_features(x: Array) -> Array:
    """The mean over batch and positions, as exact:   -> (U,)."""
    sums = _feature_sums(x)
    return (sums / (x.size // sums.size)).astype(x.dtype)


_TERMS = 128
"""Of a sum in the array's own precision: few enough to keep 6 digits in float32."""


def _feature_sums(x: Array) -> Array:
    """Channel-last images are added up in rows of many pixels, ten times as fast as pixel by pixel."""
    total: Array
    last = x.transpose(0, 2, 3, 1) if x.ndim == 4 else x
    if not last.flags.c_contiguous or x.size < _TERMS * x.shape[feature_axis(x.ndim)]:
        total = x.sum(axis=other_axes(x.ndim), dtype=np.float64)
        return total
    rows = last.reshape(-1, last.shape[-1])
    pixels = len(rows) // _TERMS
    sums = rows[: _TERMS * pixels].reshape(_TERMS, -1).sum(axis=0)
    total = sums.reshape(pixels, -1).sum(axis=0, dtype=np.float64)
    total += rows[_TERMS * pixels :].sum(axis=0, dtype=np.float64)
    return total
