"""Shapes in words, and the facts of a layer once its shape is known."""

from dataclasses import replace
from typing import Any

from gradscope.engine.axes import feature_axis
from gradscope.engine.outline import LayerInfo

Shape = tuple[int, ...]
"""Of one sample, without the batch axis."""


def words(shape: Shape) -> str:
    """A shape as the config language says it."""
    match shape:
        case (features,):
            return f"{features} features"
        case (length, features):
            return f"a sequence of {length} × {features}"
        case _:
            return f"an image of {' × '.join(map(str, shape))}"


def features_of(shape: Shape) -> int:
    """Features, or channels of an image."""
    return shape[feature_axis(len(shape) + 1) - 1]


def known(info: LayerInfo, shape: Shape, parameters: int = 0, **facts: Any) -> LayerInfo:
    """The layer's facts with its shape; shared parameters are counted where they are used first."""
    return replace(info, output_shape=shape, parameters=0 if info.shares else parameters, **facts)
