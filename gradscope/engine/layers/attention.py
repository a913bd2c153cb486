"""Multi-head self-attention: four dense maps around the dot-product core."""

from typing import NamedTuple

from gradscope.engine import Array
from gradscope.engine.dot_product_attention import Attended, attend, attend_backward
from gradscope.engine.layer import Container, Gradients, Listener
from gradscope.engine.layers.dense import Dense
from gradscope.engine.layers.parts import named_gradients, named_parameters
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter
from gradscope.engine.signal import Signal
from gradscope.engine.weights import Weight


class _Kept(NamedTuple):
    x: Array
    mixed: Array
    """What the heads give, side by side (B, T, E)."""
    attended: Attended


class Attention(Container):
    """y = attend(x Q, x K, x V) O, each with a bias; heads are parts of the features side by side.

    It carries the signal itself: a small way out and a small way in may together be below float32.
    """

    def __init__(
        self,
        info: LayerInfo,
        query: Dense,
        key: Dense,
        value: Dense,
        out: Dense,
        *,
        heads: int,
        causal: bool = False,
    ):
        super().__init__(info)
        self.into = {"query": query, "key": key, "value": value}
        self.out = out
        self.heads = heads
        self.causal = causal

    def forward(self, x: Array, listener: Listener) -> tuple[Array, _Kept]:
        """Keeps what the core keeps, and what it gave."""
        query, key, value = (part.forward(x)[0] for part in self.into.values())
        mixed, attended = attend(query, key, value, self.heads, causal=self.causal)
        return self.out.forward(mixed)[0], _Kept(x, mixed, attended)

    def backward(self, dy: Signal, cache: _Kept, listener: Listener) -> tuple[Signal, Gradients]:
        """dx is the sum over query, key and value."""
        mantissa, of_out = self.out.backward(dy.mantissa, cache.mixed)
        inside = dy.with_mantissa(mantissa).rescaled()
        found: dict[str, Gradients] = {}
        inputs = []
        for (name, part), array in zip(
            self.into.items(), attend_backward(inside.mantissa, cache.attended), strict=True
        ):
            arriving = inside.with_mantissa(array).rescaled()
            dx, gradients = part.backward(arriving.mantissa, cache.x)
            found[name] = {
                key: gradient.shifted(arriving.exponent - dy.exponent) for key, gradient in gradients.items()
            }
            inputs.append(arriving.with_mantissa(dx))
        return inputs[0] + inputs[1] + inputs[2], named_gradients(found | {"out": of_out})

    def attention(self, cache: _Kept) -> tuple[Array, bool]:
        """The weights (B, H, T, S) of this pass, and whether they are causal."""
        return cache.attended.weights, self.causal

    def own_parameters(self) -> dict[str, Parameter]:
        """`weight` (E, E) and `bias` (E,) of `query`, `key`, `value` and `out`."""
        return named_parameters({**self.into, "out": self.out})

    def weights(self) -> tuple[Weight, ...]:
        """The four matrices."""
        return tuple(part.weight for part in (*self.into.values(), self.out))

    def at_pass(self, number: int) -> "Attention":
        """Itself."""
        return self
