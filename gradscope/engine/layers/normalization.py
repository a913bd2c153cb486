"""Batch, layer, RMS and group normalisation: one formula over different axes, with learned gain and bias
behind it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.axes import along_features, feature_axis, feature_sums, sample_feature_sums
from gradscope.engine.gradients import Formed
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter, held
from gradscope.engine.pieces import Stretch, of_pieces, piece_by_piece


class Scheme(NamedTuple):
    """Which entries are normalised together, and whether their mean is taken out."""

    name: str
    split: Callable[[Array], Array]
    """x -> a view of the same entries, shaped so that means broadcast over it."""
    reduced: Callable[[Array, int], Sequence[Array]]
    """Some samples, split, and the number of pieces in them -> what the mean is made from."""
    joined: Callable[[list[Array], Array], Array]
    """What was found of all samples, and x -> the mean over what is normalised together."""
    centred: bool = True
    by_feature: bool = False
    """Whether features are normalised apart, so that a gain may be multiplied before the means or behind."""


def _whole(x: Array) -> Array:
    return x


def _mean_of_all(sums: list[Array], x: Array) -> Array:
    whole = _total(sums)
    return along_features((whole / (x.size // whole.size)).astype(x.dtype), x)


def _over_features(x: Array, pieces: int) -> list[Array]:
    return [x.mean(axis=feature_axis(x.ndim), keepdims=True)]


def _sample_by_sample(means: list[Array], x: Array) -> Array:
    return np.concatenate(means) if len(means) > 1 else means[0]


BATCH = Scheme("batch", _whole, feature_sums, _mean_of_all, by_feature=True)
"""Over batch and positions, with the biased variance of the batch itself (Ioffe & Szegedy 2015, training
mode)."""
LAYER = Scheme("layer", _whole, _over_features, _sample_by_sample)
"""Over the features of each sample and position (Ba et al. 2016)."""
RMS = Scheme("rms", _whole, _over_features, _sample_by_sample, centred=False)
"""The same without the mean (Zhang & Sennrich 2019)."""


def group_scheme(groups: int) -> Scheme:
    """Over the channels of one of `groups` groups and all positions of a sample (Wu & He 2018)."""

    def split(x: Array) -> Array:
        if x.ndim == 4:
            return x[:, None]
        return x.reshape(x.shape[0], -1, groups, x.shape[-1] // groups)

    def mean(entries: Array, pieces: int) -> list[Array]:
        if entries.ndim == 5:
            return [_of_groups(entries[:, 0], groups)[:, None]]
        return [entries.mean(axis=(1, 3), keepdims=True)]

    return Scheme("group", split, mean, _sample_by_sample)


def _of_groups(x: Array, groups: int) -> Array:
    """Of an image, written out for every channel of the group:   (B, C, H, W) -> (B, C, 1, W)."""
    samples, channels, height, width = x.shape
    sums = sample_feature_sums(x).reshape(samples, groups, -1).sum(axis=2)
    means = (sums * groups / (channels * height * width)).astype(x.dtype)
    of_pixels = np.repeat(means, channels // groups, axis=1)[:, None].repeat(width, axis=1)
    return of_pixels.transpose(0, 2, 1)[:, :, None]


_ALONG, _MEAN = "mean of x̂ dx̂", "mean of dx̂"


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
        mean = self._mean(x, lambda part: entries[part]) if self.scheme.centred else None
        normalised = np.empty_like(x)
        hat = self.scheme.split(normalised)

        def squares(part: slice) -> Array:
            if mean is None:
                return np.square(entries[part])
            return np.square(np.subtract(entries[part], _of(mean, part), out=hat[part]))

        variance = self._mean(x, squares)
        scale = 1.0 / np.sqrt(variance + x.dtype.type(self.eps))
        gain = None if self.gain is None or (self.gain == 1.0).all() else along_features(self.gain, x)
        bias = None if self.bias is None or not self.bias.any() else along_features(self.bias, x)
        y = normalised if gain is None and bias is None else np.empty_like(x)

        def fill(part: slice) -> None:
            np.multiply(entries[part] if mean is None else hat[part], _of(scale, part), out=hat[part])
            values = normalised[part]
            if gain is not None:
                values = np.multiply(values, gain, out=y[part])
            if bias is not None:
                np.add(values, bias, out=y[part])

        piece_by_piece(x, fill)
        return y, (normalised, scale)

    def backward(self, dy: Array, cache: tuple[Array, Array]) -> tuple[Array, Gradients]:
        """dx = (dx̂ − mean dx̂ − x̂ mean(dx̂ x̂))/√(v + eps), the first mean only when centred.

        dx̂ is gain · dy. Where features are normalised apart, it stands for dy, and the gain comes last.
        """
        normalised, scale = cache
        dx = np.empty_like(dy)
        entries, hat = self.scheme.split(dx), self.scheme.split(normalised)
        gain = None if self.gain is None else along_features(self.gain, dy)
        first, last = (None, gain) if self.scheme.by_feature else (gain, None)
        arriving = self.scheme.split(dy) if first is None else entries

        reduced = of_pieces(dy, lambda run: [self._sums(run, dy, normalised, first, dx)])
        sums = {name: [found for each in reduced for found in each[name]] for name in reduced[0]}
        along = self.scheme.joined(sums.pop(_ALONG), dy)
        mean = self.scheme.joined(sums.pop(_MEAN), dy) if self.scheme.centred else None
        if last is not None:
            scale = scale * last

        def fill(part: slice) -> None:
            mine = np.subtract(arriving[part], hat[part] * _of(along, part), out=entries[part])
            if mean is not None:
                mine -= _of(mean, part)
            mine *= _of(scale, part)

        piece_by_piece(dy, fill)
        return dx, {name: Formed(_total(of_pieces).astype(dy.dtype)) for name, of_pieces in sums.items()}

    def _sums(
        self, run: Stretch, dy: Array, normalised: Array, first: Array | None, dx: Array
    ) -> dict[str, Sequence[Array]]:
        """What some samples contribute to the gradients of gain and bias, and to the means in dx. Where the
        gain is multiplied before the means (`first`), dx̂ is written into dx."""
        part, count = run.part, run.runs
        dy = dy[part]
        products = dy * normalised[part]
        sums: dict[str, Sequence[Array]] = {}
        if self.gain is not None:
            sums["gain"] = feature_sums(products, count)
        if self.bias is not None:
            sums["bias"] = feature_sums(dy, count)
        if first is not None:
            products *= first
            dy = np.multiply(dy, first, out=dx[part])
        # Of features apart, the means are made from the same sums.
        known = sums if self.scheme.by_feature else {}
        split, reduced = self.scheme.split, self.scheme.reduced
        sums[_ALONG] = known["gain"] if "gain" in known else reduced(split(products), count)
        if self.scheme.centred:
            sums[_MEAN] = known["bias"] if "bias" in known else reduced(split(dy), count)
        return sums

    def _mean(self, x: Array, entries: Callable[[slice], Array]) -> Array:
        """The mean over what is normalised together, of entries that are computed for some samples at a
        time."""
        found = of_pieces(x, lambda run: self.scheme.reduced(entries(run.part), run.runs))
        return self.scheme.joined(found, x)

    def own_parameters(self) -> dict[str, Parameter]:
        """`gain` and `bias` (U,), when affine."""
        named = {"gain": self.gain, "bias": self.bias}
        return {name: held(array) for name, array in named.items() if array is not None}


def _total(arrays: Sequence[Array]) -> Array:
    """The sum of the arrays, in their order."""
    return sum(arrays[1:], start=arrays[0])


def _of(found: Array, part: slice) -> Array:
    """The part of a mean that belongs to some samples; all of it where it is one for all samples."""
    return found[part] if len(found) > 1 else found
