"""How each kind of layer is made from its record: shapes checked, parameters asked for. One function a
kind."""

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import Any

from gradscope.build.makers.facts import Shape
from gradscope.config import schema
from gradscope.engine.layer import Step
from gradscope.engine.outline import LayerInfo

Maker = Callable[[Any, Any, Shape, LayerInfo], Step | None]
"""(assembly, record, shape of the input, the layer's facts so far) -> the layer."""

Expansion = Callable[[Any, Shape], tuple[schema.Layer, ...]]
"""(record, shape of the input) -> the layers it stands for."""

_MAKERS: dict[type[schema.Layer], tuple[str, str]] = {
    schema.Dense: ("dense", "make_dense"),
    schema.Conv1d: ("convolution", "make_conv1d"),
    schema.Conv2d: ("convolution", "make_conv2d"),
    schema.MaxPool: ("pooling", "make_max_pool"),
    schema.AvgPool: ("pooling", "make_avg_pool"),
    schema.GlobalAvgPool: ("pooling", "make_global_avg_pool"),
    schema.Activation: ("elementwise", "make_activation"),
    schema.BatchNorm: ("normalization", "make_batch_norm"),
    schema.LayerNorm: ("normalization", "make_layer_norm"),
    schema.RmsNorm: ("normalization", "make_rms_norm"),
    schema.GroupNorm: ("normalization", "make_group_norm"),
    schema.Dropout: ("elementwise", "make_dropout"),
    schema.Flatten: ("elementwise", "make_flatten"),
    schema.Residual: ("containers", "make_residual"),
    schema.Concat: ("containers", "make_concat"),
    schema.Rnn: ("recurrent", "make_rnn"),
    schema.Lstm: ("recurrent", "make_lstm"),
    schema.Gru: ("recurrent", "make_gru"),
    schema.Embedding: ("tokens", "make_embedding"),
    schema.TiedDense: ("tokens", "make_tied_dense"),
    schema.Positional: ("tokens", "make_positional"),
    schema.ClassToken: ("tokens", "make_class_token"),
    schema.Attention: ("attention", "make_attention"),
    schema.Maxout: ("gates", "make_maxout"),
    schema.Glu: ("gates", "make_glu"),
    schema.MeanOverTime: ("time_axis", "make_mean_over_time"),
    schema.LastStep: ("time_axis", "make_last_step"),
    schema.FirstStep: ("time_axis", "make_first_step"),
    schema.ToSequence: ("time_axis", "make_to_sequence"),
    schema.Transpose: ("time_axis", "make_transpose"),
}
"""Module and function of each kind: what a network has none of is not imported, which takes longer than to
diagnose a small one."""

_EXPANSIONS: dict[type[schema.Layer], tuple[str, str]] = {
    schema.TransformerBlock: ("attention", "transformer_layers"),
}
"""The same of kinds that stand for a list of layers."""


def maker_of(spec: schema.Layer) -> Maker:
    """What makes the layer of a record."""
    maker: Maker = _found(*_MAKERS[type(spec)])
    return maker


def expansion_of(spec: schema.Layer) -> Expansion | None:
    """What gives the layers that a record stands for; None for a layer of its own."""
    if type(spec) not in _EXPANSIONS:
        return None
    expansion: Expansion = _found(*_EXPANSIONS[type(spec)])
    return expansion


@cache
def _found(module: str, function: str) -> Any:
    return getattr(import_module(f"{__name__}.{module}"), function)


KINDS: dict[type[schema.Layer], str] = {
    **{record: kind for kind, record in schema.LAYERS.items()},
    **{record: kind for (kind, _), record in schema.INSTEAD.items()},
}
"""What a record is called in the config; activations are called by their own names."""

WEIGHTED: tuple[type[schema.Layer], ...] = (
    schema.Dense,
    schema.Conv1d,
    schema.Conv2d,
    schema.Recurrent,
    schema.Embedding,
    schema.TiedDense,
    schema.Attention,
    schema.TransformerBlock,
    schema.Maxout,
    schema.Glu,
)


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
