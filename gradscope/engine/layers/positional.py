"""What a sequence is given besides its steps: positions, learned or waves of fixed lengths, and a step of its
own."""

import numpy as np

from gradscope.engine import Array
from gradscope.engine.gradients import Formed
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter, matrix_of
from gradscope.engine.weights import Weight


class LearnedPositions(Layer):
    """y = x + P.   x (B, T, U), P (T, U)."""

    def __init__(self, info: LayerInfo, table: Weight):
        super().__init__(info)
        self.table = table

    def forward(self, x: Array) -> tuple[Array, None]:
        """Nothing is kept."""
        return x + self.table.matrix(), None

    def backward(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        """dx = dy; ∂L/∂P = Σ dy over the samples."""
        total = dy.sum(axis=0, dtype=np.float64).astype(dy.dtype)
        return dy, {"table": Formed(total)}

    def own_parameters(self) -> dict[str, Parameter]:
        """`table` (T, U)."""
        return {"table": matrix_of(self.table)}


class ClassToken(Layer):
    """A learned step before the others, the same for every sample (Devlin et al. 2019).

    x (B, T, U), P (1, U) -> (B, T + 1, U).
    """

    def __init__(self, info: LayerInfo, table: Weight):
        super().__init__(info)
        self.table = table

    def forward(self, x: Array) -> tuple[Array, None]:
        """Nothing is kept."""
        y = np.empty((x.shape[0], x.shape[1] + 1, x.shape[2]), dtype=x.dtype)
        y[:, 0] = self.table.row()
        y[:, 1:] = x
        return y, None

    def backward(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        """∂L/∂P = Σ dy of the first step over the samples; dx is the rest."""
        total = dy[:, :1].sum(axis=0, dtype=np.float64).astype(dy.dtype)
        return np.ascontiguousarray(dy[:, 1:]), {"table": Formed(total)}

    def own_parameters(self) -> dict[str, Parameter]:
        """`table` (1, U)."""
        return {"table": matrix_of(self.table)}


class SinusoidalPositions(Layer):
    """y = x + P with P of `sinusoids`: nothing to learn."""

    def forward(self, x: Array) -> tuple[Array, None]:
        """Nothing is kept."""
        return x + sinusoids(x.shape[1], x.shape[2]).astype(x.dtype), None

    def backward(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        """dx = dy."""
        return dy, {}


def sinusoids(length: int, features: int) -> Array:
    """sin(t/10000^(2i/U)) in the even features 2i, cos of the same in the odd ones (Vaswani et al. 2017,
    3.5).

    Shapes:
        -> (T, U), float64
    """
    pairs = np.arange((features + 1) // 2)
    angles = np.arange(length)[:, np.newaxis] / 10000.0 ** (2.0 * pairs / features)
    waves: Array = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, -1)
    return waves[:, :features]
