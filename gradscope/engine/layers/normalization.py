"""Batch, layer, RMS and group normalisation: one formula over different axes, with learned gain and bias
behind it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.axes import along_features, feature_axis, mean_to_features, sum_to_features
from gradscope.engine.gradients import Formed
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter, held


class Scheme(NamedTuple):
    """Which entries are normalised together, and whether their mean is taken out."""

    name: str
    split: Callable[[Array], Array]
    """x -> the same entries, shaped so that those normalised together lie along axes of their own."""
    mean: Callable[[Array], Array]
    """Of a split array, over what is normalised together; the axes stay, one long."""
    centred: bool = True


def _whole(x: Array) -> Array:
    return x


def _over_batch(x: Array) -> Array:
    return along_features(mean_to_features(x), x.ndim)


def _over_features(x: Array) -> Array:
    mean: Array = x.mean(axis=feature_axis(x.ndim), keepdims=True)
    return mean


BATCH = Scheme("batch", _whole, _over_batch)
"""Over batch and positions, with the biased variance of the batch itself (Ioffe & Szegedy 2015, training
mode)."""
LAYER = Scheme("layer", _whole, _over_features)
"""Over the features of each sample and position (Ba et al. 2016)."""
RMS = Scheme("rms", _whole, _over_features, centred=False)
"""The same without the mean (Zhang & Sennrich 2019)."""


def group_scheme(groups: int) -> Scheme:
    """Over the channels of one of `groups` groups and all positions of a sample (Wu & He 2018)."""

    def split(x: Array) -> Array:
        if x.ndim == 4:
            return x.reshape(x.shape[0], groups, -1, *x.shape[2:])
        return x.reshape(*x.shape[:-1], groups, -1)

    def mean(entries: Array) -> Array:
        axes = {3: (2,), 4: (1, 3), 5: (2, 3, 4)}[entries.ndim]
        found: Array = entries.mean(axis=axes, keepdims=True)
        return found

    return Scheme("group", split, mean)


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
        if self.scheme.centred:
            entries = entries - self.scheme.mean(entries)
        variance = self.scheme.mean(np.square(entries))
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
        split, hat = self.scheme.split(upstream), self.scheme.split(normalised)
        dx = split - hat * self.scheme.mean(split * hat)
        if self.scheme.centred:
            dx -= self.scheme.mean(split)
        dx *= scale
        return dx.reshape(dy.shape), gradients

    def own_parameters(self) -> dict[str, Parameter]:
        """`gain` and `bias` (U,), when affine."""
        named = {"gain": self.gain, "bias": self.bias}
        return {name: held(array) for name, array in named.items() if array is not None}
