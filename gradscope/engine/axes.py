"""Which axis of an array holds features: the last one, but the channels (axis 1) of an image (B, C, H, W)."""

import numpy as np

from gradscope.engine import Array


def feature_axis(ndim: int) -> int:
    """The axis of features or channels of an array with a batch axis."""
    return 1 if ndim == 4 else ndim - 1


def other_axes(ndim: int) -> tuple[int, ...]:
    """Batch and positions: every axis but the features."""
    return tuple(axis for axis in range(ndim) if axis != feature_axis(ndim))


def along_features(vector: Array, ndim: int) -> Array:
    """A vector (U,) shaped so that it broadcasts over batch and positions."""
    shape = [1] * ndim
    shape[feature_axis(ndim)] = vector.size
    return vector.reshape(shape)


def sum_to_features(x: Array) -> Array:
    """Σ over batch and positions, in float64 and given back in x's precision:   -> (U,)."""
    total: Array = x.sum(axis=other_axes(x.ndim), dtype=np.float64)
    return total.astype(x.dtype)
