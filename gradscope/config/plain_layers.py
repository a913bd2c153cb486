"""The records of layers that need no order in time: dense, convolution, pooling, norms, containers."""

from __future__ import annotations

from typing import ClassVar

from msgspec import field

from gradscope.config.records import Choice, Extent, Layer, NotNegative, Padding, Rate, Size


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


class Unknown(Layer, frozen=True, kw_only=True, tag="unknown"):
    """Stands where a layer could not be understood: the mistake is reported, and its output is unknown."""
