"""Dropout in training mode: entries are zeroed at random and the others scaled up (Srivastava et al.
2014)."""

from gradscope.engine import Array
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.outline import LayerInfo
from gradscope.engine.random import Stream, standard_uniform


class Dropout(Layer):
    """y = x · m/(1 − rate), m ~ Bernoulli(1 − rate) from the layer's own stream, one mask a pass."""

    def __init__(self, info: LayerInfo, rate: float, stream: Stream, number: int = 0):
        super().__init__(info)
        self.rate = rate
        self.stream = stream
        self.number = number

    def forward(self, x: Array) -> tuple[Array, Array]:
        """Keeps the scaled mask."""
        uniform = standard_uniform(self.stream.generator(self.number), x.size).reshape(x.shape)
        mask = (uniform >= 2.0 * self.rate - 1.0).astype(x.dtype)
        mask *= x.dtype.type(1.0 / (1.0 - self.rate))
        return x * mask, mask

    def backward(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """dx = dy · m/(1 − rate)."""
        return dy * cache, {}

    def at_pass(self, number: int) -> "Dropout":
        """The layer with the mask of that pass."""
        return self if number == self.number else Dropout(self.info, self.rate, self.stream, number)
