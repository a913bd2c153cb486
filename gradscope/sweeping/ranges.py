"""Ranges of numbers as they are written: `lin:a:b:n`, `log:a:b:n`, `int:a:b`, and intervals to draw from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from gradscope.config.scalars import resolve
from gradscope.errors import Mistake

Spacing = Literal["lin", "log"]

MAX_COUNT = 10**9
MAX_ROUNDED = 100_000
"""Values of a rounded logarithmic range, which has to be made to know how many of them differ."""

RANGES = {
    "lin": "lin:0:1:11 has 11 values from 0 to 1",
    "log": "log:0.1:10:20 has 20 values from 0.1 to 10",
    "int": "int:1:10 has every whole number from 1 to 10, int:log:1:1000:7 some of them",
}
"""Words a range begins with, and an example of each."""


class Range(Struct, frozen=True):
    """`count` evenly spaced numbers from `low` to `high`, both included; none is made before it is needed."""

    spacing: Spacing
    low: float
    high: float
    count: int
    whole: bool = False
    """Rounded to whole numbers."""

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int | float:
        """The value of that index, at 12 digits: 0.3 rather than 0.30000000000000004."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        if self.whole and self.spacing == "lin":
            # Whole arithmetic: of neighbours neither is left out nor given twice, however large they are.
            low, steps = int(self.low), max(1, self.count - 1)
            return low + (index * (int(self.high) - low) * 2 + steps) // (2 * steps)
        value = _between(self.spacing, self.low, self.high, index / max(1, self.count - 1))
        return round(value) if self.whole else value

    def __iter__(self) -> Iterator[int | float]:
        return (self[index] for index in range(self.count))

    def to_plain(self) -> dict[str, Any]:
        """The fields."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Interval(Struct, frozen=True):
    """All numbers from `low` to `high`, to be drawn from; on a logarithmic scale evenly in the logarithm."""

    spacing: Spacing
    low: float
    high: float

    def at(self, share: float) -> float:
        """The number that far on the way, for a share of [0, 1]."""
        return _between(self.spacing, self.low, self.high, share)

    def share_of(self, value: float) -> float:
        """How far on the way a number is."""
        if self.spacing == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def to_plain(self) -> dict[str, Any]:
        """The fields."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


def read_range(text: str) -> tuple[int, ...] | Range | Interval:
    """The numbers a range stands for.

    Raises:
        Mistake: it is not well formed.
    """
    kind, *fields = text.split(":")
    spacing = kind
    if kind == "int":
        spacing = fields.pop(0) if fields[:1] in (["lin"], ["log"]) else "lin"
    if len(fields) not in (2, 3):
        raise Mistake(f"'{text}' is not a range", f"{RANGES[kind]}; quotes make it a text")
    low, high = (_number(field, text) for field in fields[:2])
    if not low < high:
        raise Mistake(f"the range '{text}' goes from {low} to {high}", "write the smaller end first")
    if spacing == "log" and low <= 0:
        raise Mistake(f"the logarithmic range '{text}' begins at {low}", "begin it above 0")
    count = _count(fields[2], text) if len(fields) == 3 else None
    if kind == "int":
        return _whole_range(spacing, low, high, count, text)
    if count is None:
        return Interval(_spacing(spacing), low, high)
    return _range(_spacing(spacing), low, high, count)


def _range(spacing: Spacing, low: float, high: float, count: int) -> Range:
    """Of whole ends with whole steps between them, as depths have, whole numbers come."""
    ends_whole = isinstance(low, int) and isinstance(high, int)
    steps_whole = spacing == "lin" and ends_whole and (int(high) - int(low)) % (count - 1) == 0
    return Range(spacing, low, high, count, whole=steps_whole)


def _whole_range(
    spacing: str, low: float, high: float, count: int | None, text: str
) -> tuple[int, ...] | Range:
    if not (isinstance(low, int) and isinstance(high, int)):
        raise Mistake(f"the ends of '{text}' are not whole numbers", RANGES["int"])
    distinct = high - low + 1
    if count is None and spacing == "log":
        raise Mistake(f"'{text}' does not say how many numbers it has", RANGES["int"])
    if count is None or spacing == "lin":
        found = Range("lin", low, high, distinct if count is None else min(count, distinct), whole=True)
        if found.count > MAX_COUNT:
            raise Mistake(f"'{text}' has more than {MAX_COUNT:,} values", "give it a count: int:a:b:n")
        return found
    if count > MAX_ROUNDED:
        raise Mistake(f"'{text}' has more than {MAX_ROUNDED:,} values", "lower the count")
    return tuple(dict.fromkeys(int(value) for value in Range("log", low, high, count, whole=True)))


def _between(spacing: Spacing, low: float, high: float, share: float) -> float:
    if share in (0.0, 1.0):
        return float(high if share else low)
    if spacing == "log":
        value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    else:
        value = low * (1.0 - share) + high * share
    return min(max(float(f"{value:.12g}"), low), high)


def _spacing(word: str) -> Spacing:
    return "log" if word == "log" else "lin"


def _number(text: str, whole: str) -> int | float:
    number = resolve(text)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise Mistake(f"'{text}' in '{whole}' is not a number", RANGES[whole.partition(":")[0]])
    return number


def _count(text: str, whole: str) -> int:
    count = resolve(text)
    if isinstance(count, bool) or not isinstance(count, int) or not 2 <= count <= MAX_COUNT:
        raise Mistake(
            f"'{text}' in '{whole}' is not a count of values", f"write a whole number from 2 to {MAX_COUNT:,}"
        )
    return count
