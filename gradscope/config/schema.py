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
Severity: TypeAlias = Literal["error", "warning", "note"]
Dtype: TypeAlias = Literal["float32", "float64"]
Optimizer: TypeAlias = Literal["sgd", "adam"]
Scalar: TypeAlias = str | int | float | bool


class Choice(Struct, frozen=True, kw_only=True):
    """One entry of an engine table with all its options; aliases are resolved, defaults filled in."""

    name: str
    options: dict[str, Scalar] = {}
    written: dict[str, str] = {}
    """Paths among the options as they stand in the config, before they were made absolute."""


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


class Dense(Layer, frozen=True, kw_only=True, tag="dense"):
    """y = xW + b."""

    units: Size
    bias: bool = True
    init: Choice | None = None
    bias_init: Choice | None = None

    main: ClassVar[str | None] = "units"
    example: ClassVar[str] = "dense: 256"
    takes_activation: ClassVar[bool] = True


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


class Unknown(Layer, frozen=True, kw_only=True, tag="unknown"):
    """Stands where a layer could not be understood: the mistake is reported, and its output is unknown."""


LAYERS: dict[str, type[Layer]] = {
    "dense": Dense,
    "batch_norm": BatchNorm,
    "layer_norm": LayerNorm,
    "rms_norm": RmsNorm,
    "group_norm": GroupNorm,
    "dropout": Dropout,
    "residual": Residual,
    "concat": Concat,
    "flatten": Flatten,
    "repeat": Repeat,
}
"""Every kind that is written by its own name; the activations of the engine come besides."""


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
