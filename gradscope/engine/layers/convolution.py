"""Convolution of images and sequences, over all channels together or in groups."""

import math

import numpy as np

from gradscope.engine import Array
from gradscope.engine.affine_gradients import RowSum
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.layers.patch_products import PatchProducts, Use
from gradscope.engine.layers.patches import correlated, spread
from gradscope.engine.layers.windows import Windows, channel_first, channel_last
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter, row_of
from gradscope.engine.weights import Weight


class Convolution(Layer):
    """y = Σ kernel · patch + b at every window, a cross-correlation as everywhere in the field.

    x (B, C, H, W) -> y (B, O, H', W'), or (B, T, C) -> (B, T', O) as an image one pixel high. W has a column
    a filter, (kh·kw·C/G, O), b is (1, O) or none. Images are given back as views of channel-last memory;
    whatever works entry by entry leaves them so.
    """

    def __init__(
        self,
        info: LayerInfo,
        weight: Weight,
        bias: Weight | None,
        windows: Windows,
        groups: int,
        *,
        ndim: int,
    ):
        super().__init__(info)
        self.weight = weight
        self.bias = bias
        self.windows = windows
        self.groups = groups
        self.ndim = ndim

    def forward(self, x: Array) -> tuple[Array, Array]:
        """Keeps x; its patches are made again on the way back."""
        image = channel_last(x)
        y = correlated(image, self._kernel(), self.windows, self.groups)
        if self.bias is not None:
            rows = y.reshape(*y.shape[:2], -1)
            rows += np.tile(self.bias.row(), y.shape[2])  # long runs: a few filters each would be slow
        return channel_first(y, x.ndim), image

    def backward(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """dx is every dy spread over its window; ∂L/∂W = Σ patch ⊗ dy and ∂L/∂b = Σ dy stay factored."""
        cotangents = np.ascontiguousarray(channel_last(dy))
        size = (cache.shape[1], cache.shape[2])
        dx = spread(cotangents, self._kernel(), self.windows, self.groups, size)
        use = Use(cache, cotangents, self.windows)
        gradients: Gradients = {"weight": PatchProducts((use,), self._shape, self.groups)}
        if self.bias is not None:
            gradients["bias"] = RowSum(cotangents)
        return channel_first(dx, dy.ndim), gradients

    def own_parameters(self) -> dict[str, Parameter]:
        """`weight` (kh, kw, C/G, O), (k, C/G, O) for a sequence, and `bias` (O,)."""
        weight = Parameter(self.weight, self._shape)
        return {"weight": weight} | ({} if self.bias is None else {"bias": row_of(self.bias)})

    def weights(self) -> tuple[Weight, ...]:
        """The one matrix W."""
        return (self.weight,)

    @property
    def _shape(self) -> tuple[int, ...]:
        entries, filters = self.weight.shape
        kernel = self.windows.kernel
        return (*kernel[4 - self.ndim :], entries // math.prod(kernel), filters)

    def _kernel(self) -> Array:
        weight = self.weight
        matrix = weight.block(0) if len(weight.blocks) == 1 else weight.matrix()
        return matrix.reshape(*self.windows.kernel, -1, weight.shape[1])
