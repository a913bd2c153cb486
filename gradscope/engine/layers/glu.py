"""The gated linear unit: one affine map multiplied by an activation of another."""

from typing import NamedTuple

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.layer import Gradients, Layer
from gradscope.engine.layers.dense import Dense
from gradscope.engine.layers.parts import named_gradients, named_parameters
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter
from gradscope.engine.weights import Weight


class _Kept(NamedTuple):
    x: Array
    value: Array
    gate: Array
    """φ of the gate's preactivation."""
    slopes: Array


class Glu(Layer):
    """y = (x V + b) φ(x W + c) (Dauphin et al. 2017 with φ = σ; SwiGLU of Shazeer 2020 with silu)."""

    def __init__(self, info: LayerInfo, value: Dense, gate: Dense, activation: Activation):
        super().__init__(info)
        self.parts = {"value": value, "gate": gate}
        self.gating = activation

    def forward(self, x: Array) -> tuple[Array, _Kept]:
        """Keeps x, both factors and the gate's slopes."""
        value, _ = self.parts["value"].forward(x)
        z, _ = self.parts["gate"].forward(x)
        gate = self.gating.fn(z)
        return value * gate, _Kept(x, value, gate, self.gating.derivative(z, gate))

    def backward(self, dy: Array, cache: _Kept) -> tuple[Array, Gradients]:
        """dx is the sum of both ways."""
        into_gate = dy * cache.value
        into_gate *= cache.slopes
        dx, of_value = self.parts["value"].backward(dy * cache.gate, cache.x)
        more, of_gate = self.parts["gate"].backward(into_gate, cache.x)
        dx += more
        return dx, named_gradients({"value": of_value, "gate": of_gate})

    def activity(self, cache: _Kept) -> tuple[Activation, Array]:
        """The gate's φ and slopes."""
        return self.gating, cache.slopes

    def own_parameters(self) -> dict[str, Parameter]:
        """`value.weight` and `gate.weight` (I, O), `value.bias` and `gate.bias` (O,)."""
        return named_parameters(self.parts)

    def weights(self) -> tuple[Weight, ...]:
        """Both matrices."""
        return tuple(part.weight for part in self.parts.values())
