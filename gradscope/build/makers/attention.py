"""Makes attention, and says what layers a transformer block is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradscope.build.makers.facts import Shape, known, sequence_of, use_divisor, words
from gradscope.config import schema
from gradscope.engine.initializers import Fans, Initializer, glorot_uniform, zeros
from gradscope.engine.layer import Step
from gradscope.engine.layers.attention import Attention
from gradscope.engine.layers.dense import Dense
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_attention(assembly: Assembly, spec: schema.Attention, shape: Shape, info: LayerInfo) -> Step:
    """Four maps of the features onto themselves.

    PyTorch's default is Glorot's for query, key and value as one matrix, its linear layer's for the map
    behind the heads, and zero for every bias.
    """
    length, features = sequence_of(shape, info.kind)
    if features % spec.heads:
        raise Mistake(f"{spec.heads} heads do not divide {words((features,))}", use_divisor(features))
    fans = Fans(features, features)

    def joint(made: Initializer) -> Initializer:
        # One matrix (E, 3E) has the mean fan 2E.
        return glorot_uniform(gain=0.5**0.5) if made.is_torch else made

    def unbiased(made: Initializer) -> Initializer:
        return zeros() if made.is_torch else made

    def part(name: str) -> Dense:
        is_out = name == "out"
        init = (spec.out_init if is_out else None) or spec.init
        weight = assembly.weight(
            info, f"{name}.weight", (features, features), init, fans, adapt=None if is_out else joint
        )
        bias = None
        if spec.bias:
            bias = assembly.bias(info, fans, init, spec.bias_init, parameter=f"{name}.bias", adapt=unbiased)
        return Dense(info, weight, bias)

    query, key, value, out = (part(name) for name in ("query", "key", "value", "out"))
    facts = known(
        info,
        shape,
        4 * features * (features + spec.bias),
        weight=query.weight.law,
        last_weight=out.weight.law,
        is_affine=False,
        products=4 * length * features * features + 2 * length * length * features,
        kept=4 * length * features + 3 * spec.heads * length * length,
    )
    return Attention(facts, query, key, value, out, heads=spec.heads, causal=spec.causal)


def transformer_layers(spec: schema.TransformerBlock, shape: Shape) -> tuple[schema.Layer, ...]:
    """The layers of a block: attention and an MLP, each on a residual branch, the norm before it on the
    branch (Xiong et al. 2020), or behind the sum (Vaswani et al. 2017)."""
    features = shape[-1]
    common: dict[str, Any] = {"bias": spec.bias, "bias_init": spec.bias_init, "place": spec.place}
    attention = schema.Attention(
        heads=spec.heads, causal=spec.causal, init=spec.init, out_init=spec.out_init, **common
    )
    norm = _NORMS[spec.norm_kind](place=spec.place)
    branches = ((attention,), _mlp(spec, features, common))
    if spec.norm == "pre":
        return tuple(_residual(spec, (norm, *branch)) for branch in branches)
    return tuple(layer for branch in branches for layer in (_residual(spec, branch), norm))


_NORMS: dict[str, type[schema.LayerNorm] | type[schema.RmsNorm]] = {
    "layer_norm": schema.LayerNorm,
    "rms_norm": schema.RmsNorm,
}


def _mlp(spec: schema.TransformerBlock, features: int, common: dict[str, Any]) -> tuple[schema.Layer, ...]:
    units = max(1, round(spec.mlp_ratio * features))
    out = schema.Dense(units=features, init=spec.out_init or spec.init, **common)
    if spec.gated:
        return schema.Glu(units=units, activation=spec.activation, init=spec.init, **common), out
    activation = schema.Activation(choice=spec.activation, place=spec.place)
    return schema.Dense(units=units, init=spec.init, **common), activation, out


def _residual(spec: schema.TransformerBlock, branch: tuple[schema.Layer, ...]) -> schema.Residual:
    return schema.Residual(layers=branch, scale=spec.scale, learned=spec.learned, place=spec.place)
