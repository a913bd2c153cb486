"""Shapes in words, and the facts of a layer once its shape is known."""

import math
from typing import Any

from gradscope.engine.axes import feature_axis
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake
from gradscope.numerals import plural

Shape = tuple[int, ...]
"""Of one sample, without the batch axis."""


class Tokens(tuple[int, ...]):
    """The shape (T,) of a sequence of tokens, which are numbers of rows and not amounts of anything."""

    vocab: int

    @classmethod
    def of(cls, shape: Shape, vocab: int) -> "Tokens":
        """That many tokens below `vocab`."""
        tokens = cls(shape)
        tokens.vocab = vocab
        return tokens


def words(shape: Shape) -> str:
    """A shape as the config language says it."""
    match shape:
        case Tokens():
            return f"{shape[0]} {plural(shape[0], 'token')} of {shape.vocab}"
        case (features,):
            return f"{features} {plural(features, 'feature')}"
        case (length, features):
            return f"a sequence of {length} × {features}"
        case _:
            return f"an image of {' × '.join(map(str, shape))}"


def features_of(shape: Shape) -> int:
    """Features, or channels of an image."""
    return shape[feature_axis(len(shape) + 1) - 1]


def known(info: LayerInfo, shape: Shape, parameters: int = 0, **facts: Any) -> LayerInfo:
    """The layer's facts completed; parameters that are shared count for the layer that uses them first."""
    shares = info.shares if parameters else None
    own: dict[str, Any] = {"output_shape": shape, "parameters": 0 if shares else parameters, "shares": shares}
    return info._replace(**(own | facts))


def sequence_of(shape: Shape, kind: str) -> tuple[int, int]:
    """Steps and features of what must be a sequence.

    Raises:
        Mistake: it is not.
    """
    match shape:
        case (length, features):
            return length, features
        case (_,):
            hint = "write `input: {length: …, features: …}`, and no reduction over time before it"
        case _:
            hint = "give the image's rows as `input: {length: …, features: …}`"
    raise Mistake(f"{kind} takes a sequence, not {words(shape)}", hint)


def use_divisor(number: int) -> str:
    """The hint to take one of the first dozen; by trial up to the root, because a billion features are no
    reason to wait."""
    small = [n for n in range(1, math.isqrt(number) + 1) if number % n == 0]
    found = sorted({*small, *(number // n for n in small)})[:12]
    return f"use {'one of ' if len(found) > 1 else ''}{', '.join(map(str, found))}"
