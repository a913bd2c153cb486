"""What makes a sequence, reduces it over time or turns it on its side; nothing is learned here."""

from typing import ClassVar

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layer import Gradients, Layer


class MeanOverTime(Layer):
    """(B, T, F) -> (B, F), the mean over the steps."""

    reduces: ClassVar[bool] = True

    def forward(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Keeps x's shape."""
        return x.mean(axis=1, dtype=np.float64).astype(x.dtype), x.shape

    def backward(self, dy: Array, cache: tuple[int, ...]) -> tuple[Array, Gradients]:
        """Every step gets its share, dy/T."""
        share = dy / dy.dtype.type(cache[1])
        return np.broadcast_to(share[:, np.newaxis], cache).copy(), {}


class LastStep(Layer):
    """(B, T, F) -> (B, F), the last step alone."""

    reduces: ClassVar[bool] = True

    def forward(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Keeps x's shape."""
        return x[:, -1].copy(), x.shape

    def backward(self, dy: Array, cache: tuple[int, ...]) -> tuple[Array, Gradients]:
        """Only the last step gets any."""
        dx = np.zeros(cache, dtype=dy.dtype)
        dx[:, -1] = dy
        return dx, {}


class FirstStep(Layer):
    """(B, T, F) -> (B, F), the first step alone: where a class token stands."""

    reduces: ClassVar[bool] = True

    def forward(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Keeps x's shape."""
        return x[:, 0].copy(), x.shape

    def backward(self, dy: Array, cache: tuple[int, ...]) -> tuple[Array, Gradients]:
        """Only the first step gets any."""
        dx = np.zeros(cache, dtype=dy.dtype)
        dx[:, 0] = dy
        return dx, {}


class ToSequence(Layer):
    """(B, C, H, W) -> (B, H·W, C): positions of an image as steps, row by row (Dosovitskiy et al. 2021)."""

    def forward(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Keeps x's shape."""
        samples, channels = x.shape[:2]
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).reshape(samples, -1, channels), x.shape

    def backward(self, dy: Array, cache: tuple[int, ...]) -> tuple[Array, Gradients]:
        """The same entries as an image."""
        samples, channels, height, width = cache
        return dy.reshape(samples, height, width, channels).transpose(0, 3, 1, 2), {}


class Transpose(Layer):
    """(B, T, F) -> (B, F, T): what follows mixes steps instead of features (Tolstikhin et al. 2021)."""

    def forward(self, x: Array) -> tuple[Array, None]:
        """Nothing is kept."""
        return np.ascontiguousarray(x.swapaxes(1, 2)), None

    def backward(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        """The same the other way round."""
        return np.ascontiguousarray(dy.swapaxes(1, 2)), {}
