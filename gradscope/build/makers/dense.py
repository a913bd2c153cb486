"""Makes dense layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradscope.build.makers.facts import Shape, known, words
from gradscope.config import schema
from gradscope.engine.initializers import Fans
from gradscope.engine.layer import Step
from gradscope.engine.layers.dense import Dense
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_dense(assembly: Assembly, spec: schema.Dense, shape: Shape, info: LayerInfo) -> Step:
    """On the last axis of features or of each position of a sequence."""
    if len(shape) == 3:
        raise Mistake(f"dense takes features or a sequence, not {words(shape)}", "put `flatten` before it")
    fan_in = shape[-1]
    weight = assembly.weight(info, "weight", (fan_in, spec.units), spec.init)
    bias = None
    if spec.bias:
        bias = assembly.bias(info, Fans(fan_in, spec.units), spec.init, spec.bias_init)
    parameters = weight.size + (bias.size if bias else 0)
    facts = known(
        info,
        (*shape[:-1], spec.units),
        parameters,
        weight=weight.law,
        bias=bias and bias.law,
        products=weight.size * math.prod(shape[:-1]),
    )
    return Dense(facts, weight, bias)
