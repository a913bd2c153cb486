"""Makes layers of several affine maps of the same input: gated linear units and maxout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradscope.build.makers.elementwise import elementwise_activation
from gradscope.build.makers.facts import Shape, known, words
from gradscope.config import schema
from gradscope.engine.gate_initializers import stacked
from gradscope.engine.initializers import Fans, Initializer
from gradscope.engine.layer import Step
from gradscope.engine.layers.dense import Dense
from gradscope.engine.layers.glu import Glu
from gradscope.engine.layers.maxout import Maxout
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_glu(assembly: Assembly, spec: schema.Glu, shape: Shape, info: LayerInfo) -> Step:
    """On the last axis, as dense."""
    activation = elementwise_activation(spec.activation, info.kind)
    fans = Fans(_features(shape, info), spec.units)

    def part(name: str) -> Dense:
        weight = assembly.weight(info, f"{name}.weight", (fans.fan_in, fans.fan_out), spec.init)
        bias = None
        if spec.bias:
            bias = assembly.bias(info, fans, spec.init, spec.bias_init, parameter=f"{name}.bias")
        return Dense(info, weight, bias)

    value, gate = part("value"), part("gate")
    output = (*shape[:-1], spec.units)
    facts = known(
        info,
        output,
        2 * spec.units * (fans.fan_in + spec.bias),
        weight=value.weight.law,
        is_affine=False,
        products=2 * fans.fan_in * _size(output),
        kept=3 * _size(output),
    )
    return Glu(facts, value, gate, activation)


def make_maxout(assembly: Assembly, spec: schema.Maxout, shape: Shape, info: LayerInfo) -> Step:
    """Every piece is initialised as a dense layer of its own."""
    fans = Fans(_features(shape, info), spec.units)
    count = spec.pieces

    def adapt(made: Initializer) -> Initializer:
        return stacked(made, count)

    weight = assembly.weight(info, "weight", (fans.fan_in, count * spec.units), spec.init, fans, adapt=adapt)
    bias = None
    if spec.bias:
        bias = assembly.bias(info, Fans(fans.fan_in, count * spec.units), spec.init, spec.bias_init)
    output = (*shape[:-1], spec.units)
    facts = known(
        info,
        output,
        weight.size + (bias.size if bias else 0),
        weight=weight.law,
        is_affine=False,
        products=count * fans.fan_in * _size(output),
        kept=count * _size(output),
    )
    return Maxout(facts, Dense(info, weight, bias), count)


def _features(shape: Shape, info: LayerInfo) -> int:
    if len(shape) == 3:
        raise Mistake(
            f"{info.kind} takes features or a sequence, not {words(shape)}", "put `flatten` before it"
        )
    return shape[-1]


def _size(shape: Shape) -> int:
    size = 1
    for extent in shape:
        size *= extent
    return size
