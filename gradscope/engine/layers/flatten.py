"""Flatten: every sample as one vector, in C order."""

from gradscope.engine import Array
from gradscope.engine.layer import Gradients, Layer


class Flatten(Layer):
    """(B, ...) -> (B, features)."""

    def forward(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Keeps x's shape."""
        return x.reshape(x.shape[0], -1), x.shape

    def backward(self, dy: Array, cache: tuple[int, ...]) -> tuple[Array, Gradients]:
        """The same entries in x's shape."""
        return dy.reshape(cache), {}
