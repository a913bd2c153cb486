"""Makes what begins and ends a network of tokens: embeddings, positions, heads tied to an embedding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradscope.build.makers.facts import Shape, Tokens, known, sequence_of, words
from gradscope.config import schema
from gradscope.engine.initializers import Fans, Initializer, normal, zeros
from gradscope.engine.layer import Step
from gradscope.engine.layers.embedding import Embedding, TiedDense
from gradscope.engine.layers.positional import ClassToken, LearnedPositions, SinusoidalPositions
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake, did_you_mean

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def _torch_table(made: Initializer) -> Initializer:
    """PyTorch draws tables from N(0, 1)."""
    return normal() if made.is_torch else made


def make_embedding(assembly: Assembly, spec: schema.Embedding, shape: Shape, info: LayerInfo) -> Step:
    """The vocabulary is its fan in, as if tokens were one-hot; it is no flow point, as nothing flows before
    it."""
    if not isinstance(shape, Tokens):
        raise Mistake(f"embedding takes tokens, not {words(shape)}", "write `input: {length: …, vocab: …}`")
    fans = Fans(shape.vocab, spec.units)
    weight = assembly.weight(info, "weight", (shape.vocab, spec.units), spec.init, fans, adapt=_torch_table)
    assembly.tables[info.name] = weight
    facts = known(
        info,
        (*shape, spec.units),
        weight.size,
        weight=weight.law,
        is_affine=False,
        looks_up=True,
        flow_point=False,
    )
    return Embedding(facts, weight)


def make_tied_dense(assembly: Assembly, spec: schema.TiedDense, shape: Shape, info: LayerInfo) -> Step:
    """The embedding is named as in the report, and comes before."""
    if spec.tied not in assembly.tables:
        hint = did_you_mean(spec.tied, assembly.tables) or "tie it to an `embedding` before it"
        raise Mistake(f"there is no embedding '{spec.tied}' before this layer", hint)
    table = assembly.tables[spec.tied]
    vocab, units = table.shape
    if len(shape) == 3 or shape[-1] != units:
        raise Mistake(
            f"{spec.tied} has {words((units,))}, its transpose cannot take {words(shape)}",
            f"end with {words((units,))} before it",
        )
    if info.shares is not None:
        raise Mistake("a tied layer cannot be shared once more", "put it behind the `repeat`")
    bias = None
    if spec.bias:
        bias = assembly.bias(info, Fans(units, vocab), None, spec.bias_init)
    facts = known(
        info,
        (*shape[:-1], vocab),
        bias.size if bias else 0,
        shares=spec.tied,
        own=("bias",),
        weight=table.law,
        products=table.size * math.prod(shape[:-1]),
    )
    return TiedDense(facts, table, bias)


def make_positional(assembly: Assembly, spec: schema.Positional, shape: Shape, info: LayerInfo) -> Step:
    """A table of its own, or fixed waves."""
    length, features = sequence_of(shape, info.kind)
    if spec.form == "sinusoidal":
        if spec.init is not None:
            raise Mistake("sinusoidal positions are not drawn, `init` says nothing of them", "leave it out")
        return SinusoidalPositions(known(info, shape))
    table = assembly.weight(info, "table", (length, features), spec.init, adapt=_torch_table)
    return LearnedPositions(known(info, shape, table.size), table)


def make_class_token(assembly: Assembly, spec: schema.ClassToken, shape: Shape, info: LayerInfo) -> Step:
    """Zeros where nothing is said, as torchvision's ViT has it."""
    length, features = sequence_of(shape, info.kind)
    table = assembly.weight(
        info, "table", (1, features), spec.init, adapt=lambda made: zeros() if made.is_torch else made
    )
    return ClassToken(known(info, (length + 1, features), table.size), table)
