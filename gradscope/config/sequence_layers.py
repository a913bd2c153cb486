"""The records of layers over sequences: recurrence, attention, and what goes with them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from gradscope.config.records import GELU, MAX_SIZE, ORTHOGONAL, SIGMOID, TANH, Choice, Horizon, Layer, Size


class Chrono(Struct, frozen=True, kw_only=True):
    """A forget gate that remembers for up to that many steps."""

    chrono: Horizon


class Recurrent(Layer, frozen=True, kw_only=True):
    """What all recurrent layers take."""

    units: Size
    activation: Choice = TANH
    init: Choice | None = None
    recurrent_init: Choice = ORTHOGONAL
    bias: bool = True
    bias_init: Choice | None = None
    return_sequences: bool = True
    bidirectional: bool = False

    main: ClassVar[str | None] = "units"


class Rnn(Recurrent, frozen=True, kw_only=True, tag="rnn"):
    """h' = φ(xW + hU + b)."""

    example: ClassVar[str] = "rnn: 64"


class Lstm(Recurrent, frozen=True, kw_only=True, tag="lstm"):
    """Gates i, f, g, o around a cell; None leaves the forget gate's bias to `bias_init`."""

    forget_bias: float | Chrono | None = 1.0

    example: ClassVar[str] = "lstm: 64"


class Gru(Recurrent, frozen=True, kw_only=True, tag="gru"):
    """Gates r, z, n, the reset behind the product."""

    example: ClassVar[str] = "gru: 64"


class Embedding(Layer, frozen=True, kw_only=True, tag="embedding"):
    """A row of a table for every token."""

    units: Size
    init: Choice | None = None

    main: ClassVar[str | None] = "units"
    example: ClassVar[str] = "embedding: 64"
    takes_tokens: ClassVar[bool] = True


class TiedDense(Layer, frozen=True, kw_only=True, tag="tied_dense"):
    """Dense with the transpose of an embedding's table."""

    tied: str
    bias: bool = True
    bias_init: Choice | None = None

    example: ClassVar[str] = "dense: {tied: embedding1}"


class Positional(Layer, frozen=True, kw_only=True, tag="positional"):
    """A vector of its own added at every position."""

    form: Literal["learned", "sinusoidal"] = "learned"
    init: Choice | None = None
    """Of the learned ones."""

    main: ClassVar[str | None] = "form"


class ClassToken(Layer, frozen=True, kw_only=True, tag="class_token"):
    """A learned step before the others."""

    init: Choice | None = None


class Attention(Layer, frozen=True, kw_only=True, tag="attention"):
    """Multi-head self-attention."""

    heads: Size
    causal: bool = False
    bias: bool = True
    init: Choice | None = None
    out_init: Choice | None = None
    """Of the map behind the heads; `init` when absent."""
    bias_init: Choice | None = None

    main: ClassVar[str | None] = "heads"
    example: ClassVar[str] = "attention: 8"


class TransformerBlock(Layer, frozen=True, kw_only=True, tag="transformer_block"):
    """Attention and two dense layers, each on a residual branch with a norm; built from these kinds."""

    heads: Size
    mlp_ratio: Annotated[float, Meta(gt=0, le=MAX_SIZE)] = 4.0
    norm: Literal["pre", "post"] = "pre"
    activation: Choice = GELU
    gated: bool = False
    """A GLU in the place of the first dense layer and its activation."""
    norm_kind: Literal["layer_norm", "rms_norm"] = "layer_norm"
    scale: float = 1.0
    """What both branches are multiplied by."""
    learned: bool = False
    """Whether the scales are parameters that start at `scale`."""
    causal: bool = False
    bias: bool = True
    init: Choice | None = None
    out_init: Choice | None = None
    """Of the two maps that write to the residual stream; `init` when absent."""
    bias_init: Choice | None = None

    main: ClassVar[str | None] = "heads"
    example: ClassVar[str] = "transformer_block: 8"
    becomes: ClassVar[int] = 8
    unwritten: ClassVar[frozenset[str]] = frozenset({"name", "learned"})


class Maxout(Layer, frozen=True, kw_only=True, tag="maxout"):
    """The largest of several affine maps, unit by unit."""

    units: Size
    pieces: Size = 2
    bias: bool = True
    init: Choice | None = None
    bias_init: Choice | None = None

    main: ClassVar[str | None] = "units"
    example: ClassVar[str] = "maxout: 64"


class Glu(Layer, frozen=True, kw_only=True, tag="glu"):
    """One affine map times an activation of another."""

    units: Size
    activation: Choice = SIGMOID
    bias: bool = True
    init: Choice | None = None
    bias_init: Choice | None = None

    main: ClassVar[str | None] = "units"
    example: ClassVar[str] = "glu: 64"


class MeanOverTime(Layer, frozen=True, kw_only=True, tag="mean_over_time"):
    """The mean over the steps of a sequence."""


class LastStep(Layer, frozen=True, kw_only=True, tag="last_step"):
    """The last step of a sequence."""


class FirstStep(Layer, frozen=True, kw_only=True, tag="first_step"):
    """The first step of a sequence."""


class ToSequence(Layer, frozen=True, kw_only=True, tag="to_sequence"):
    """The positions of an image as the steps of a sequence, row by row."""


class Transpose(Layer, frozen=True, kw_only=True, tag="transpose"):
    """Steps and features of a sequence in each other's place."""
