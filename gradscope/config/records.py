"""What every record of a config is made of: bounded numbers, choices, and the base of all layers."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta, Struct

from gradscope.errors import Place

MAX_SIZE = 10**9
"""Of any one width, length or count."""

Size = Annotated[int, Meta(ge=1, le=MAX_SIZE)]
NotNegative = Annotated[float, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
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
Targets: TypeAlias = Literal["teacher", "random"]
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
