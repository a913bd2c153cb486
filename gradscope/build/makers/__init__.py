"""How each kind of layer is made from its record: shapes checked, parameters asked for. One function a
kind."""

from collections.abc import Callable, Iterable
from typing import Any

from gradscope.build.makers.attention import make_attention, transformer_layers
from gradscope.build.makers.containers import make_concat, make_residual
from gradscope.build.makers.convolution import make_conv1d, make_conv2d
from gradscope.build.makers.dense import make_dense
from gradscope.build.makers.elementwise import make_activation, make_dropout, make_flatten
from gradscope.build.makers.facts import Shape
from gradscope.build.makers.gates import make_glu, make_maxout
from gradscope.build.makers.normalization import (
    make_batch_norm,
    make_group_norm,
    make_layer_norm,
    make_rms_norm,
)
from gradscope.build.makers.pooling import make_avg_pool, make_global_avg_pool, make_max_pool
from gradscope.build.makers.recurrent import make_gru, make_lstm, make_rnn
from gradscope.build.makers.time_axis import make_last_step, make_mean_over_time, make_transpose
from gradscope.build.makers.tokens import make_embedding, make_positional, make_tied_dense
from gradscope.config import schema
from gradscope.engine.layer import Step
from gradscope.engine.outline import LayerInfo

MAKERS: dict[type[schema.Layer], Callable[[Any, Any, Shape, LayerInfo], Step | None]] = {
    schema.Dense: make_dense,
    schema.Conv1d: make_conv1d,
    schema.Conv2d: make_conv2d,
    schema.MaxPool: make_max_pool,
    schema.AvgPool: make_avg_pool,
    schema.GlobalAvgPool: make_global_avg_pool,
    schema.Activation: make_activation,
    schema.BatchNorm: make_batch_norm,
    schema.LayerNorm: make_layer_norm,
    schema.RmsNorm: make_rms_norm,
    schema.GroupNorm: make_group_norm,
    schema.Dropout: make_dropout,
    schema.Flatten: make_flatten,
    schema.Residual: make_residual,
    schema.Concat: make_concat,
    schema.Rnn: make_rnn,
    schema.Lstm: make_lstm,
    schema.Gru: make_gru,
    schema.Embedding: make_embedding,
    schema.TiedDense: make_tied_dense,
    schema.Positional: make_positional,
    schema.Attention: make_attention,
    schema.Maxout: make_maxout,
    schema.Glu: make_glu,
    schema.MeanOverTime: make_mean_over_time,
    schema.LastStep: make_last_step,
    schema.Transpose: make_transpose,
}

EXPANSIONS: dict[type[schema.Layer], Callable[[Any, Shape], tuple[schema.Layer, ...]]] = {
    schema.TransformerBlock: transformer_layers,
}
"""Kinds that stand for a list of layers: (record, shape of the input) -> the list."""

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
