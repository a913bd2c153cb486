"""Layers that apply an activation to every entry: plain ones, PReLU with its learned slopes; softmax over the
last axis."""

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation, Softmax
from gradscope.engine.axes import along_features, sum_to_features
from gradscope.engine.gradients import Formed
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter, held
from gradscope.engine.pieces import is_split, piece_by_piece


class Elementwise(Layer):
    """y = φ(x). The slopes φ′(x) are the cache: whoever listens can tell from them which units are
    inactive."""

    def __init__(self, info: LayerInfo, activation: Activation):
        super().__init__(info)
        self.activation = activation

    def forward(self, x: Array) -> tuple[Array, Array]:
        """φ(x), and the slopes φ′(x)."""
        if not is_split(x):
            y = self.activation.fn(x)
            return y, self.activation.derivative(x, y)
        y, slopes = np.empty_like(x), np.empty_like(x)

        def fill(part: slice) -> None:
            y[part] = self.activation.fn(x[part])
            slopes[part] = self.activation.derivative(x[part], y[part])

        piece_by_piece(x, fill)
        return y, slopes

    def backward(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """dx = dy φ′(x)."""
        if not is_split(dy):
            return dy * cache, {}
        dx = np.empty_like(dy)
        piece_by_piece(dy, lambda part: np.multiply(dy[part], cache[part], out=dx[part]))
        return dx, {}

    def activity(self, cache: Array) -> tuple[Activation, Array]:
        """φ and the slopes of this pass."""
        return self.activation, cache


class PRelu(Layer):
    """y = x where positive, else s x, with one learned slope s a feature or channel (He et al. 2015)."""

    def __init__(self, info: LayerInfo, activation: Activation, slope: Array):
        super().__init__(info)
        self.activation = activation
        self.slope = slope

    def forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        """Keeps the slopes of all entries and the negative part of x."""
        slopes = np.where(x > 0.0, x.dtype.type(1.0), along_features(self.slope, x))
        return x * slopes, (slopes, np.minimum(x, x.dtype.type(0.0)))

    def backward(self, dy: Array, cache: tuple[Array, Array]) -> tuple[Array, Gradients]:
        """dx = dy φ′(x); ∂L/∂s = Σ dy·min(x, 0) over samples and positions."""
        slopes, negative = cache
        return dy * slopes, {"slope": Formed(sum_to_features(dy, lambda part: dy[part] * negative[part]))}

    def own_parameters(self) -> dict[str, Parameter]:
        """`slope` (U,)."""
        return {"slope": held(self.slope)}

    def activity(self, cache: tuple[Array, Array]) -> tuple[Activation, Array]:
        """The leaky form and the slopes of this pass."""
        return self.activation, cache[0]


class SoftmaxLayer(Layer):
    """y = softmax(x) over the last axis."""

    def __init__(self, info: LayerInfo, softmax: Softmax):
        super().__init__(info)
        self.softmax = softmax

    def forward(self, x: Array) -> tuple[Array, Array]:
        """Keeps its output."""
        y = self.softmax.forward(x)
        return y, y

    def backward(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """dx = y (dy − ⟨dy, y⟩)."""
        return self.softmax.backward(dy, cache), {}
