"""The fully connected layer: y = x W + b on the last axis."""

from gradscope.engine import Array
from gradscope.engine.affine_gradients import OuterProducts, RowSum
from gradscope.engine.axes import feature_rows
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter, matrix_of, row_of
from gradscope.engine.weights import Weight


class Dense(Layer):
    """y = x W + b.   x (B, I) or (B, T, I) -> y alike with O; W (I, O), b (1, O) or none."""

    def __init__(self, info: LayerInfo, weight: Weight, bias: Weight | None):
        super().__init__(info)
        self.weight = weight
        self.bias = bias

    def forward(self, x: Array) -> tuple[Array, Array]:
        """Keeps x, the only thing the weight gradient needs besides dy."""
        y = self.weight.times(feature_rows(x))
        if self.bias is not None and not self.bias.is_untouched_zero:
            y += self.bias.row()
        return y if x.ndim == 2 else y.reshape(*x.shape[:-1], -1), x

    def backward(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """dx = dy Wᵀ; ∂L/∂W = Σ x⊗dy and ∂L/∂b = Σ dy stay factored."""
        dx = self.weight.times_transposed(feature_rows(dy)).reshape(cache.shape)
        gradients: Gradients = {"weight": OuterProducts(cache, dy)}
        if self.bias is not None:
            gradients["bias"] = RowSum(dy)
        return dx, gradients

    def own_parameters(self) -> dict[str, Parameter]:
        """`weight` (I, O) and `bias` (O,)."""
        return {"weight": matrix_of(self.weight)} | ({} if self.bias is None else {"bias": row_of(self.bias)})

    def weights(self) -> tuple[Weight, ...]:
        """The one matrix W."""
        return (self.weight,)
