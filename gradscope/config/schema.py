"""The records a config is made of, frozen and picklable, and their defaults. Nothing is read or computed."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import Meta, Struct, field

from gradscope.errors import Place

MAX_SIZE = 10**9
"""Of any one width, length or count."""

Size = Annotated[int, Meta(ge=1, le=MAX_SIZE)]
NotNegative = Annotated[float, Meta(ge=0)]
Rate = Annotated[float, Meta(ge=0, lt=1)]
Seed = Annotated[int, Meta(ge=0)]
Horizon = Annotated[int, Meta(ge=2, le=MAX_SIZE)]
"""Steps to remember for."""
Severity: TypeAlias = Literal["error", "warning", "note"]
Dtype: TypeAlias = Literal["float32", "float64"]
Optimizer: TypeAlias = Literal["sgd", "adam"]
Scalar: TypeAlias = str | int | float | bool
Extent: TypeAlias = Size | Annotated[tuple[Size, ...], Meta(min_length=2, max_length=2)]
"""Along both axes of an image, or height and width; msgspec 0.22 crashes on `Size | tuple[Size, Size]`."""
Padding: TypeAlias = Literal["same", "valid", "circular"]


class Choice(Struct, frozen=True, kw_only=True):
    """One entry of an engine table with all its options; aliases are resolved, defaults filled in."""

    name: str
    options: dict[str, Scalar] = {}
    written: dict[str, str] = {}
    """Paths among the options as they stand in the config, before they were made absolute."""


TANH = Choice(name="tanh")
SIGMOID = Choice(name="sigmoid")
GELU = Choice(name="gelu")
ORTHOGONAL = Choice(name="orthogonal", options={"gain": 1.0})
"""Defaults of options, with theirs."""


class Layer(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every layer has. Options in YAML are the fields of the kind but `place` and the `unwritten`."""

    name: str | None = None
    place: Place

    main: ClassVar[str | None] = None
    """The option that `kind: value` gives."""
    example: ClassVar[str] = ""
    """How the shortest layer of this kind is written."""
    takes_activation: ClassVar[bool] = False
    """Whether `activation:` among the options makes a layer of its own after this one."""
    unwritten: ClassVar[frozenset[str]] = frozenset()
    becomes: ClassVar[int] = 1
    """How many layers it is when built."""
    takes_tokens: ClassVar[bool] = False
    """Whether its input is tokens, which all others refuse."""


class Dense(Layer, frozen=True, kw_only=True, tag="dense"):
    """y = xW + b."""

    units: Size
    bias: bool = True
    init: Choice | None = None
    bias_init: Choice | None = None

    main: ClassVar[str | None] = "units"
    example: ClassVar[str] = "dense: 256"
    takes_activation: ClassVar[bool] = True


class Conv1d(Layer, frozen=True, kw_only=True, tag="conv1d"):
    """A kernel moved along a sequence; `same` and `circular` keep its length at stride 1."""

    filters: Size
    kernel: Size = 3
    stride: Size = 1
    padding: Padding = "same"
    groups: Size = 1
    bias: bool = True
    init: Choice | None = None
    bias_init: Choice | None = None

    main: ClassVar[str | None] = "filters"
    example: ClassVar[str] = "conv1d: 64"
    takes_activation: ClassVar[bool] = True


class Conv2d(Layer, frozen=True, kw_only=True, tag="conv2d"):
    """A kernel moved over an image; `same` and `circular` keep its size at stride 1."""

    filters: Size
    kernel: Extent = 3
    stride: Extent = 1
    padding: Padding = "same"
    groups: Size = 1
    bias: bool = True
    init: Choice | None = None
    bias_init: Choice | None = None

    main: ClassVar[str | None] = "filters"
    example: ClassVar[str] = "conv2d: 64"
    takes_activation: ClassVar[bool] = True


class MaxPool(Layer, frozen=True, kw_only=True, tag="max_pool"):
    """The largest entry of every window; the stride is the size when absent."""

    size: Extent
    stride: Extent | None = None

    main: ClassVar[str | None] = "size"
    example: ClassVar[str] = "max_pool: 2"


class AvgPool(Layer, frozen=True, kw_only=True, tag="avg_pool"):
    """The mean of every window; the stride is the size when absent."""

    size: Extent
    stride: Extent | None = None

    main: ClassVar[str | None] = "size"
    example: ClassVar[str] = "avg_pool: 2"


class GlobalAvgPool(Layer, frozen=True, kw_only=True, tag="global_avg_pool"):
    """The mean of each channel over all positions."""


class Activation(Layer, frozen=True, kw_only=True, tag="activation"):
    """Any entry of the engine's activations."""

    choice: Choice


class BatchNorm(Layer, frozen=True, kw_only=True, tag="batch_norm"):
    """Normalises each feature or channel over the batch."""

    eps: NotNegative = 1e-5
    affine: bool = True


class LayerNorm(Layer, frozen=True, kw_only=True, tag="layer_norm"):
    """Normalises each sample over its features or channels."""

    eps: NotNegative = 1e-5
    affine: bool = True


class RmsNorm(Layer, frozen=True, kw_only=True, tag="rms_norm"):
    """Divides each sample by its root mean square."""

    eps: NotNegative = 1e-5
    affine: bool = True


class GroupNorm(Layer, frozen=True, kw_only=True, tag="group_norm"):
    """Normalises each sample over groups of its channels."""

    groups: Size
    eps: NotNegative = 1e-5
    affine: bool = True

    main: ClassVar[str | None] = "groups"
    example: ClassVar[str] = "group_norm: 8"


class Dropout(Layer, frozen=True, kw_only=True, tag="dropout"):
    """Sets a share of the entries to zero."""

    rate: Rate

    main: ClassVar[str | None] = "rate"
    example: ClassVar[str] = "dropout: 0.1"


class Residual(Layer, frozen=True, kw_only=True, tag="residual"):
    """shortcut(x) + scale · layers(x); the shortcut is the identity when absent."""

    layers: tuple[Layer, ...]
    shortcut: tuple[Layer, ...] | None = None
    scale: float = 1.0
    learned: bool = False
    """Whether the scale is a parameter that starts at `scale`; in YAML `scale: {learned: 0.0}`."""

    main: ClassVar[str | None] = "layers"
    example: ClassVar[str] = "residual: [relu, dense: 256]"
    unwritten: ClassVar[frozenset[str]] = frozenset({"learned"})


class Concat(Layer, frozen=True, kw_only=True, tag="concat"):
    """The input, and behind it the output of the layers."""

    layers: tuple[Layer, ...]

    main: ClassVar[str | None] = "layers"
    example: ClassVar[str] = "concat: [relu, dense: 12]"


class Flatten(Layer, frozen=True, kw_only=True, tag="flatten"):
    """All axes of a sample as one, in C order."""


class Repeat(Layer, frozen=True, kw_only=True, tag="repeat"):
    """The layers `count` times, each with weights of its own unless they share."""

    count: Size = field(name="repeat")
    layers: tuple[Layer, ...]
    share: bool = False

    example: ClassVar[str] = "{repeat: 3, layers: [dense: 256, relu]}"
    unwritten: ClassVar[frozenset[str]] = frozenset({"name"})


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
    causal: bool = False
    bias: bool = True
    init: Choice | None = None
    out_init: Choice | None = None
    """Of the two maps that write to the residual stream; `init` when absent."""
    bias_init: Choice | None = None

    main: ClassVar[str | None] = "heads"
    example: ClassVar[str] = "transformer_block: 8"
    becomes: ClassVar[int] = 8
    unwritten: ClassVar[frozenset[str]] = frozenset({"name"})


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


class Transpose(Layer, frozen=True, kw_only=True, tag="transpose"):
    """Steps and features of a sequence in each other's place."""


class Unknown(Layer, frozen=True, kw_only=True, tag="unknown"):
    """Stands where a layer could not be understood: the mistake is reported, and its output is unknown."""


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
    "attention": Attention,
    "transformer_block": TransformerBlock,
    "maxout": Maxout,
    "glu": Glu,
    "mean_over_time": MeanOverTime,
    "last_step": LastStep,
    "transpose": Transpose,
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
    suppressed: dict[int, tuple[str, ...]] = {}
    """Rule ids, or prefixes of them, that `# gradscope: ignore[…]` silences on a line of the file."""
    origin: Origin | None = None
