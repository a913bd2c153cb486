"""How each kind of layer is made from its record: shapes checked, parameters asked for. One function a
kind."""

from collections.abc import Callable, Iterable
from typing import Any

from gradscope.build.makers.containers import make_concat, make_residual
from gradscope.build.makers.dense import make_dense
from gradscope.build.makers.elementwise import make_activation, make_dropout, make_flatten
from gradscope.build.makers.facts import Shape
from gradscope.build.makers.normalization import (
    make_batch_norm,
    make_group_norm,
    make_layer_norm,
    make_rms_norm,
)
from gradscope.config import schema
from gradscope.engine.layer import Step
from gradscope.engine.outline import LayerInfo

MAKERS: dict[type[schema.Layer], Callable[[Any, Any, Shape, LayerInfo], Step | None]] = {
    schema.Dense: make_dense,
    schema.Activation: make_activation,
    schema.BatchNorm: make_batch_norm,
    schema.LayerNorm: make_layer_norm,
    schema.RmsNorm: make_rms_norm,
    schema.GroupNorm: make_group_norm,
    schema.Dropout: make_dropout,
    schema.Flatten: make_flatten,
    schema.Residual: make_residual,
    schema.Concat: make_concat,
}

KINDS: dict[type[schema.Layer], str] = {record: kind for kind, record in schema.LAYERS.items()}
"""What a record is called in the config; activations are called by their own names."""

WEIGHTED: tuple[type[schema.Layer], ...] = (schema.Dense,)


def has_weights(specs: Iterable[schema.Layer]) -> bool:
    """Whether a weighted layer is among these, at any depth."""
    return any(is_weighted(spec) for spec in specs)


def is_weighted(spec: schema.Layer) -> bool:
    """Whether a layer counts in the numbering: it has a weight matrix, or holds a layer that has one."""
    if isinstance(spec, schema.Residual):
        return has_weights(spec.layers) or has_weights(spec.shortcut or ())
    if isinstance(spec, schema.Concat | schema.Repeat):
        return has_weights(spec.layers)
    return isinstance(spec, WEIGHTED)
