"""Batch, layer, RMS and group normalisation: one formula over different axes, with learned gain and bias
behind it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.axes import along_features, other_axes, sum_to_features
from gradscope.engine.gradients import Formed
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.outline import LayerInfo


class Scheme(NamedTuple):
    """Which entries are normalised together, and whether their mean is taken out."""

    name: str
    split: Callable[[Array], Array]
    """x -> the same entries, shaped so that `axes` can be named."""
    axes: Callable[[int], tuple[int, ...]]
    """Axes of the split array that are normalised together, given x's number of axes."""
    centred: bool = True


def _whole(x: Array) -> Array:
    return x


def _feature_axis_alone(ndim: int) -> tuple[int, ...]:
    return tuple(axis for axis in range(ndim) if axis not in other_axes(ndim))


BATCH = Scheme("batch", _whole, other_axes)
"""Over batch and positions, with the biased variance of the batch itself (Ioffe & Szegedy 2015, training
mode)."""
LAYER = Scheme("layer", _whole, _feature_axis_alone)
"""Over the features of each sample and position (Ba et al. 2016)."""
RMS = Scheme("rms", _whole, _feature_axis_alone, centred=False)
"""The same without the mean (Zhang & Sennrich 2019)."""


def group_scheme(groups: int) -> Scheme:
    """Over the channels of one of `groups` groups and all positions of a sample (Wu & He 2018)."""

    def split(x: Array) -> Array:
        if x.ndim == 4:
            return x.reshape(x.shape[0], groups, -1, *x.shape[2:])
        return x.reshape(*x.shape[:-1], groups, -1)

    def axes(ndim: int) -> tuple[int, ...]:
        return {2: (2,), 3: (1, 3), 4: (2, 3, 4)}[ndim]

    return Scheme("group", split, axes)


class Normalization(Layer):
    """y = gain · x̂ + bias with x̂ = (x − μ)/√(v + eps), μ and v over the axes of its scheme; v is E x² if
    not centred."""

    def __init__(self, info: LayerInfo, scheme: Scheme, eps: float, gain: Array | None, bias: Array | None):
        super().__init__(info)
        self.scheme = scheme
        self.eps = eps
        self.gain = gain
        self.bias = bias

    def forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        """Keeps x̂ in x's shape and 1/√(v + eps)."""
        entries = self.scheme.split(x)
        axes = self.scheme.axes(x.ndim)
        if self.scheme.centred:
            entries = entries - entries.mean(axis=axes, keepdims=True)
        variance = np.mean(np.square(entries), axis=axes, keepdims=True)
        scale = 1.0 / np.sqrt(variance + x.dtype.type(self.eps))
        normalised = (entries * scale).reshape(x.shape)
        y = normalised
        if self.gain is not None:
            y = y * along_features(self.gain, x.ndim)
        if self.bias is not None:
            y = y + along_features(self.bias, x.ndim)
        return y, (normalised, scale)

    def backward(self, dy: Array, cache: tuple[Array, Array]) -> tuple[Array, Gradients]:
        """dx = (dx̂ − mean dx̂ − x̂ mean(dx̂ x̂))/√(v + eps), the first mean only when centred."""
        normalised, scale = cache
        gradients: Gradients = {}
        upstream = dy
        if self.gain is not None:
            gradients["gain"] = Formed(sum_to_features(dy * normalised))
            upstream = dy * along_features(self.gain, dy.ndim)
        if self.bias is not None:
            gradients["bias"] = Formed(sum_to_features(dy))
        axes = self.scheme.axes(dy.ndim)
        split, hat = self.scheme.split(upstream), self.scheme.split(normalised)
        dx = split - hat * np.mean(split * hat, axis=axes, keepdims=True)
        if self.scheme.centred:
            dx -= split.mean(axis=axes, keepdims=True)
        dx *= scale
        return dx.reshape(dy.shape), gradients

    def parameters(self) -> dict[str, Array]:
        """`gain` and `bias` (U,), when affine."""
        named = {"gain": self.gain, "bias": self.bias}
        return {name: array for name, array in named.items() if array is not None}
