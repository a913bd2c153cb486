"""An axis: a name and the values it takes, written as `NAME=v1,v2`, a range or YAML. Combines nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from gradscope.config.scalars import resolve
from gradscope.config.source import parse_value
from gradscope.errors import ConfigError, Mistake, Place, Problem
from gradscope.sweeping.ranges import RANGES, Interval, Range, read_range

Values = tuple[Any, ...] | Range | Interval
"""The values of an axis; an `Interval` has no list of them and can only be drawn from."""

MAX_LISTED = 1_000_000
"""Values written out one by one; a range may have more."""

_CLOSING = {"[": "]", "{": "}"}


class Axis(Struct, frozen=True):
    """What is varied, a knob or a dotted path, and the values it takes."""

    name: str
    values: Values
    place: Place = Place("axes")
    """Where it was written."""

    def __len__(self) -> int:
        """The number of values; 0 of an interval, which is not a list of any."""
        return 0 if isinstance(self.values, Interval) else len(self.values)

    def to_plain(self) -> Any:
        """What tells this axis from every other, as plain data."""
        values = self.values.to_plain() if isinstance(self.values, Range | Interval) else [*self.values]
        return [self.name, values]


def axis_from_plain(plain: Any) -> Axis:
    """The axis that `to_plain` made this of."""
    name, values = plain
    if isinstance(values, list):
        return Axis(name, tuple(values))
    kind = Range if "count" in values else Interval
    return Axis(name, kind(**values))


def parse_axis(text: str, option: str = "--axis") -> Axis:
    """An axis as written on the command line: `depth=10,20`, `gain=log:0.1:10:20`, `act=relu,tanh`.

    Raises:
        ConfigError: it is none, with the reason.
    """
    name, equals, values = text.partition("=")
    name = name.strip()
    if not name or not equals:
        fact = f"'{text}' is not NAME=VALUES"
        hint = "write it like depth=10,20,50 or gain=log:0.1:10:20"
        raise ConfigError([Problem(Place(option), fact, hint)])
    place = Place(f"{option} {name}")
    try:
        return Axis(name, _written(values, str(place)), place)
    except Mistake as mistake:
        raise ConfigError([Problem(place, mistake.fact, mistake.hint)]) from mistake


def make_axis(name: str, values: Any, place: Place) -> Axis:
    """An axis from plain data: a list of values, a text as on the command line, or one value.

    Raises:
        ConfigError: these are no values.
    """
    try:
        if isinstance(values, str):
            return Axis(name, _written(values, str(place)), place)
        if isinstance(values, dict):
            raise Mistake("expected values, got a mapping", "put it in a list: [{…}, {…}]")
        is_list = isinstance(values, Sequence) or hasattr(values, "tolist")
        listed = [plain_value(value) for value in values] if is_list else [plain_value(values)]
        return Axis(name, _checked(listed), place)
    except Mistake as mistake:
        raise ConfigError([Problem(place, mistake.fact, mistake.hint)]) from mistake


def yaml_text(value: Any) -> str:
    """The value as it can be written behind `--set NAME=`, where it is read as the same value again."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else repr(value)
    try:
        is_plain = bool(value) and parse_value(value) == value and resolve(value) == value
    except (ConfigError, Mistake):
        is_plain = False
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def _written(text: str, source: str) -> Values:
    text = text.strip()
    if text.partition(":")[0] in RANGES:
        return read_range(text)
    if not text:
        raise Mistake("there are no values", "write them like 10,20,50")
    parts = _split(text)
    if any(not part.strip() for part in parts):
        raise Mistake("a value is missing between two commas", "write them like 10,20,50")
    return _checked([parse_value(part.strip(), source) for part in parts])


def _checked(values: list[Any]) -> tuple[Any, ...]:
    if not values:
        raise Mistake("there are no values", "give at least one")
    if len(values) > MAX_LISTED:
        raise Mistake(f"more than {MAX_LISTED:,} values", "use a range like lin:0:1:2000000")
    seen: set[str] = set()
    for value in values:
        words = json.dumps(value, sort_keys=True)
        if words in seen:
            raise Mistake(f"the value {yaml_text(value)} is given twice", "give it once")
        seen.add(words)
    return tuple(values)


def plain_value(value: Any) -> Any:
    """A value as YAML could have given it: NumPy's scalars as Python's, tuples as lists.

    Raises:
        Mistake: YAML could not.
    """
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, list | tuple):
        return [plain_value(entry) for entry in value]
    if isinstance(value, Mapping):
        return {key: plain_value(entry) for key, entry in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise Mistake(f"the value {value} is not finite", "write a finite number")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise Mistake(f"a Python {type(value).__name__} cannot stand in a config", "use texts and numbers")


def _split(text: str) -> list[str]:
    """The text at its commas, those in brackets and quotes aside."""
    parts, start = [], 0
    open_brackets: list[str] = []
    quote = ""
    fresh = True  # whether a quote here would open a quoted text
    for place, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and fresh:
            quote = char
        elif char in _CLOSING:
            open_brackets.append(_CLOSING[char])
        elif open_brackets and char == open_brackets[-1]:
            open_brackets.pop()
        elif char == "," and not open_brackets:
            parts.append(text[start:place])
            start = place + 1
        fresh = char in "[{,:" or (fresh and char == " ")
    if quote or open_brackets:
        raise Mistake(f"{quote or open_brackets[-1]} is missing", "close every quote and bracket")
    return [*parts, text[start:]]
