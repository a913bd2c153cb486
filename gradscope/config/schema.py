"""The records a config is made of, frozen and picklable, and their defaults. Nothing is read or computed."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from gradscope.config.plain_layers import (
    Activation,
    AvgPool,
    BatchNorm,
    Concat,
    Conv1d,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    LayerNorm,
    MaxPool,
    Repeat,
    Residual,
    RmsNorm,
    Unknown,
)
from gradscope.config.records import (
    GELU,
    MAX_SIZE,
    ORTHOGONAL,
    SIGMOID,
    TANH,
    Choice,
    Dtype,
    Extent,
    Horizon,
    Layer,
    NotNegative,
    Optimizer,
    Padding,
    Positive,
    Rate,
    Scalar,
    Seed,
    Severity,
    Size,
    Targets,
)
from gradscope.config.sequence_layers import (
    Attention,
    Chrono,
    ClassToken,
    Embedding,
    FirstStep,
    Glu,
    Gru,
    LastStep,
    Lstm,
    Maxout,
    MeanOverTime,
    Positional,
    Recurrent,
    Rnn,
    TiedDense,
    ToSequence,
    TransformerBlock,
    Transpose,
)
from gradscope.errors import Place

__all__ = [
    "GELU",
    "INSTEAD",
    "LAYERS",
    "MAX_SIZE",
    "ORTHOGONAL",
    "SIGMOID",
    "TANH",
    "Activation",
    "Attention",
    "AvgPool",
    "Batch",
    "BatchNorm",
    "Choice",
    "Chrono",
    "ClassToken",
    "Concat",
    "Config",
    "Conv1d",
    "Conv2d",
    "Dense",
    "Dropout",
    "Dtype",
    "Embedding",
    "Extent",
    "FirstStep",
    "Flatten",
    "GlobalAvgPool",
    "Glu",
    "GroupNorm",
    "Gru",
    "Horizon",
    "Input",
    "LastStep",
    "Layer",
    "LayerNorm",
    "Lstm",
    "MaxPool",
    "Maxout",
    "MeanOverTime",
    "NotNegative",
    "Optimizer",
    "Origin",
    "Padding",
    "Positional",
    "Positive",
    "Rate",
    "Recurrent",
    "Repeat",
    "Residual",
    "RmsNorm",
    "Rnn",
    "RuleSetting",
    "Scalar",
    "Seed",
    "Severity",
    "Size",
    "Targets",
    "TiedDense",
    "ToSequence",
    "Training",
    "TransformerBlock",
    "Transpose",
    "Unknown",
]

LAYERS: dict[str, type[Layer]] = {
    "dense": Dense,
    "conv1d": Conv1d,
    "conv2d": Conv2d,
    "max_pool": MaxPool,
    "avg_pool": AvgPool,
    "global_avg_pool": GlobalAvgPool,
    "batch_norm": BatchNorm,
    "layer_norm": LayerNorm,
    "rms_norm": RmsNorm,
    "group_norm": GroupNorm,
    "dropout": Dropout,
    "residual": Residual,
    "concat": Concat,
    "flatten": Flatten,
    "rnn": Rnn,
    "lstm": Lstm,
    "gru": Gru,
    "embedding": Embedding,
    "positional": Positional,
    "class_token": ClassToken,
    "attention": Attention,
    "transformer_block": TransformerBlock,
    "maxout": Maxout,
    "glu": Glu,
    "mean_over_time": MeanOverTime,
    "last_step": LastStep,
    "first_step": FirstStep,
    "transpose": Transpose,
    "to_sequence": ToSequence,
    "repeat": Repeat,
}
"""Every kind that is written by its own name; the activations of the engine come besides."""

INSTEAD: dict[tuple[str, str], type[Layer]] = {("dense", "tied"): TiedDense}
"""Kinds that an option makes another record: (kind, option) -> the record."""


class Input(Struct, frozen=True, kw_only=True):
    """Shape of one sample: (F,), (C, H, W), (T, F), or (T,) of tokens below `vocab`."""

    shape: tuple[int, ...]
    vocab: int | None = None
    place: Place


class Batch(Struct, frozen=True, kw_only=True):
    """Samples a batch, batches a trial, and the distribution of the inputs."""

    size: Size = 64
    count: Size = 1
    inputs: Choice
    place: Place
    """Of the inputs."""


class RuleSetting(Struct, frozen=True, kw_only=True):
    """What a config says about one rule; None and absent limits leave the rule's own."""

    enabled: bool = True
    severity: Severity | None = None
    limits: dict[str, float] = {}
    place: Place
    places: dict[str, Place] = {}
    """Of the limits, by name."""


class Training(Struct, frozen=True, kw_only=True):
    """How `train` trains the network; None leaves a number to the optimiser or to the number of steps."""

    steps: Size = 100
    lr: NotNegative | None = None
    optimizer: Choice
    clip: Positive | None = None
    """The global norm that gradients are clipped to."""
    every: Size | None = None
    """Steps from one measured one to the next."""
    targets: Targets = "teacher"
    """What inputs without targets of their own are to be mapped to."""


class Origin(Struct, frozen=True, kw_only=True):
    """What a config was read from, so that it can be read again with other values."""

    source: str | dict[str, Any]
    overrides: dict[str, Any] = {}
    text: str | None = None
    """The YAML itself where `source` only names it."""


class Config(Struct, frozen=True, kw_only=True):
    """One experiment, complete: every default is filled in and every knob replaced."""

    name: str
    description: str = ""
    source: str
    params: dict[str, Scalar] = {}
    input: Input
    batch: Batch
    init: Choice
    layers: tuple[Layer, ...]
    loss: Choice
    seed: Seed = 0
    trials: Size = 3
    dtype: Dtype = "float32"
    rules: dict[str, RuleSetting] = {}
    optimizer: Optimizer | None = None
    training: Training
    suppressed: dict[int, tuple[str, ...]] = {}
    """Rule ids, or prefixes of them, that `# gradscope: ignore[…]` silences on a line of the file."""
    origin: Origin | None = None
