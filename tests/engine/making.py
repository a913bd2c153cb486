"""What test layers are made from: arrays given by name, and facts that only name a layer."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.initializers import Fans, Initializer
from gradscope.engine.layer import Step
from gradscope.engine.outline import Law, LayerInfo
from gradscope.engine.random import Stream
from gradscope.engine.weights import Weight


class Parameters:
    """Arrays by name: drawn when a layer first asks for them; the same, or what replaced them, ever after."""

    def __init__(self, seed: int, dtype: type[np.floating] = np.float64):
        self.arrays: dict[str, Array] = {}
        self.dtype = dtype
        self._rng = np.random.default_rng(seed)

    def __call__(self, name: str, *shape: int) -> Array:
        """The array of that name."""
        if name not in self.arrays:
            self.arrays[name] = self._rng.standard_normal(shape).astype(self.dtype)
        return self.arrays[name]


class LayerCase(NamedTuple):
    """A layer and the shape (B, ...) of its input."""

    shape: tuple[int, ...]
    make: Callable[[Parameters], Step]


def info(name: str) -> LayerInfo:
    """Facts that only name the layer: the engine itself looks at nothing else."""
    return LayerInfo(name=name, path=name, kind=name, number=1, output_shape=())


def given_weight(array: Array) -> Weight:
    """A recipe (I, O) that gives this very array."""

    def fill(
        rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        return array.astype(dtype)

    mean, variance = float(array.mean()), float(array.var())
    initializer = Initializer(fill, mean=lambda fans: mean, variance=lambda fans: variance, in_blocks=False)
    fan_in, fan_out = array.shape
    law = Law("given", initializer, Fans(fan_in, fan_out))
    return Weight((fan_in, fan_out), law, Stream(0, 0, "given"), array.dtype)
