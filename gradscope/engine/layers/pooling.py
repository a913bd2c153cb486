"""Pooling of images and sequences: the largest or the mean entry of every window, or of all positions."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.layers.windows import Windows, channel_first, channel_last
from gradscope.engine.outline import LayerInfo


class Pool(Layer):
    """One entry a channel for every window.   x (B, C, H, W) -> (B, C, H', W'), (B, T, C) -> (B, T', C)."""

    def __init__(self, info: LayerInfo, windows: Windows):
        super().__init__(info)
        self.windows = windows

    def forward(self, x: Array) -> tuple[Array, tuple[Any, tuple[int, ...]]]:
        """Keeps what the way back needs of the windows, and the image's shape."""
        image = np.ascontiguousarray(channel_last(x))
        windows = self.windows.of(image)
        y, kept = self._reduced([windows[:, :, :, i, j] for i, j in np.ndindex(*self.windows.kernel)])
        return channel_first(y, x.ndim), (kept, image.shape)

    def backward(self, dy: Array, cache: tuple[Any, tuple[int, ...]]) -> tuple[Array, Gradients]:
        """dx is the sum of what every window gives back to its places."""
        kept, shape = cache
        cotangents = channel_last(dy)
        dx = np.zeros(shape, dtype=dy.dtype)
        rows, columns = cotangents.shape[1:3]
        down, across = self.windows.stride
        shares = self._shares(cotangents, kept)
        for (i, j), share in zip(np.ndindex(*self.windows.kernel), shares, strict=True):
            dx[:, i : i + down * rows : down, j : j + across * columns : across] += share
        return channel_first(dx, dy.ndim), {}

    @abstractmethod
    def _reduced(self, entries: list[Array]) -> tuple[Array, Any]:
        """y and what the way back needs, given the entries (B, H', W', C) at each place of the windows."""

    @abstractmethod
    def _shares(self, dy: Array, kept: Any) -> Iterable[Array]:
        """What of dy goes to each place of the windows."""


class MaxPool(Pool):
    """The largest entry of every window; of equals the first one gets the gradient."""

    def _reduced(self, entries: list[Array]) -> tuple[Array, tuple[Array, int]]:
        y = entries[0].copy()
        largest = np.zeros(y.shape, dtype=np.min_scalar_type(len(entries) - 1))
        for place, entry in enumerate(entries[1:], start=1):
            np.copyto(largest, largest.dtype.type(place), where=entry > y)
            np.maximum(y, entry, out=y)
        return y, (largest, len(entries))

    def _shares(self, dy: Array, kept: tuple[Array, int]) -> Iterable[Array]:
        largest, places = kept
        return (dy * (largest == place) for place in range(places))


class AvgPool(Pool):
    """The mean of every window."""

    def _reduced(self, entries: list[Array]) -> tuple[Array, int]:
        y = entries[0].copy()
        for entry in entries[1:]:
            y += entry
        y *= y.dtype.type(1.0 / len(entries))
        return y, len(entries)

    def _shares(self, dy: Array, kept: int) -> Iterable[Array]:
        return [dy * dy.dtype.type(1.0 / kept)] * kept


class GlobalAvgPool(Layer):
    """The mean of all positions.   x (B, C, H, W) or (B, T, C) -> y (B, C)."""

    reduces = True

    def forward(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Keeps x's shape."""
        return channel_last(x).mean(axis=(1, 2)), x.shape

    def backward(self, dy: Array, cache: tuple[int, ...]) -> tuple[Array, Gradients]:
        """The same share of dy at every position."""
        batch, channels = dy.shape
        size = cache[2:] if len(cache) == 4 else (1, cache[1])
        dx = np.empty((batch, *size, channels), dtype=dy.dtype)
        dx[...] = (dy * dy.dtype.type(1.0 / (size[0] * size[1])))[:, None, None]
        return channel_first(dx, len(cache)), {}
