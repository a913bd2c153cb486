"""Embedding: every token takes its row of a table; and the head that is tied to it, the table's transpose."""

import numpy as np

from gradscope.engine import Array
from gradscope.engine.affine_gradients import OuterProducts, RowSum
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.layers.dense import Dense
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter, matrix_of
from gradscope.engine.token_rows import TokenRows
from gradscope.engine.weights import Weight


class Embedding(Layer):
    """y = W[token].   tokens (B, T) -> y (B, T, U); W (V, U)."""

    def __init__(self, info: LayerInfo, weight: Weight):
        super().__init__(info)
        self.weight = weight

    def forward(self, x: Array) -> tuple[Array, Array]:
        """Keeps the tokens."""
        return self.weight.rows(x), x

    def backward(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """Tokens are no numbers that could move: dx is zero. ∂L/∂W has a row for each token that came."""
        gradients: Gradients = {"weight": TokenRows(cache, dy, self.weight.shape[0])}
        return np.zeros(cache.shape, dtype=dy.dtype), gradients

    def own_parameters(self) -> dict[str, Parameter]:
        """`weight` (V, U)."""
        return {"weight": matrix_of(self.weight)}

    def weights(self) -> tuple[Weight, ...]:
        """The table."""
        return (self.weight,)


class TiedDense(Dense):
    """y = x Wᵀ + b with W (V, U) of an embedding (Press & Wolf 2017).   x (..., U) -> y (..., V)."""

    def forward(self, x: Array) -> tuple[Array, Array]:
        """Keeps x."""
        y = self.weight.times_transposed(x.reshape(-1, self.weight.shape[1]))
        if self.bias is not None:
            y += self.bias.row()
        return y.reshape(*x.shape[:-1], self.weight.shape[0]), x

    def backward(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """dx = dy W; ∂L/∂W = Σ dy⊗x in the table's own shape."""
        dx = self.weight.times(dy.reshape(-1, self.weight.shape[0])).reshape(cache.shape)
        gradients: Gradients = {"weight": OuterProducts(dy, cache)}
        if self.bias is not None:
            gradients["bias"] = RowSum(dy)
        return dx, gradients
