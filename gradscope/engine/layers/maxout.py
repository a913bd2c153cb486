"""Maxout: the largest of several affine maps, unit by unit."""

from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.layers.dense import Dense
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter
from gradscope.engine.weights import Weight


class _Kept(NamedTuple):
    x: Array
    chosen: Array
    """Number of the largest piece (..., 1, U)."""


class Maxout(Layer):
    """y_u = max over pieces p of (x W + b)_pu (Goodfellow et al. 2013); W (I, P·U) holds the pieces one
    behind the other. Of equal pieces the first counts."""

    def __init__(self, info: LayerInfo, pieces: Dense, count: int):
        super().__init__(info)
        self.pieces = pieces
        self.count = count

    def forward(self, x: Array) -> tuple[Array, _Kept]:
        """Keeps x and which piece was the largest."""
        z = self._by_piece(self.pieces.forward(x)[0])
        chosen = z.argmax(axis=-2, keepdims=True)
        return np.take_along_axis(z, chosen, axis=-2)[..., 0, :], _Kept(x, chosen)

    def backward(self, dy: Array, cache: _Kept) -> tuple[Array, Gradients]:
        """The gradient goes to the largest piece alone."""
        dz = np.zeros((*dy.shape[:-1], self.count, dy.shape[-1]), dtype=dy.dtype)
        np.put_along_axis(dz, cache.chosen, dy[..., np.newaxis, :], axis=-2)
        return self.pieces.backward(dz.reshape(*dy.shape[:-1], -1), cache.x)

    def own_parameters(self) -> dict[str, Parameter]:
        """`weight` (I, P·U) and `bias` (P·U,)."""
        return self.pieces.own_parameters()

    def weights(self) -> tuple[Weight, ...]:
        """The matrix of all pieces."""
        return self.pieces.weights()

    def _by_piece(self, z: Array) -> Array:
        return z.reshape(*z.shape[:-1], self.count, -1)
