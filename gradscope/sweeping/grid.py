"""The points of a sweep, none made before it is needed: grid, zip, random draws, conditions."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, product
from typing import Any, NamedTuple

from msgspec import Struct

from gradscope.errors import Mistake
from gradscope.numerals import count
from gradscope.sweeping.axes import Axis, axis_from_plain
from gradscope.sweeping.ranges import Interval, Range
from gradscope.sweeping.shuffle import Shuffle
from gradscope.sweeping.where import Where

MAX_POINTS = 10**15
"""The largest grid: the number of a point is stored in eight bytes."""

BLOCK = 256
SCANNED = 20_000
"""A block of points ends when it is full, or after so many were looked at: who asked has other work too."""

MOST_MADE = 10_000
"""A range of at most so many values is made a list beforehand."""

HOPELESS = 1000
"""Draws for each point asked for, after which a condition is taken to leave too few."""
LEAST_DRAWN = 100_000
"""Draws that are made before a condition is given up, however few points are asked for."""


class Point(NamedTuple):
    """One combination: its number in the design, and the values in the order of the axes."""

    number: int
    values: tuple[Any, ...]


class Draws(Struct, frozen=True):
    """How many points are drawn instead of taking all of them, and the seed."""

    count: int
    seed: int = 0


class Design:
    """Which points a sweep has. Equal designs have equal points under equal numbers, on every machine."""

    def __init__(
        self,
        axes: Sequence[Axis],
        *,
        zipped: Sequence[Sequence[Axis]] = (),
        draws: Draws | None = None,
        where: str | None = None,
        constants: Mapping[str, Any] | None = None,
    ) -> None:
        """Check that the axes go together.

        Args:
            axes: every value of one with every value of the others; the last varies fastest.
            zipped: groups of axes that go together, the first value of one with the first of the others.
            draws: random points instead of all.
            where: a condition on the values, see `Where`.
            constants: other names that the condition may speak of.

        Raises:
            Mistake: they do not.
        """
        self.dimensions = [(axis,) for axis in axes] + [tuple(group) for group in zipped]
        self.axes = tuple(axis for group in self.dimensions for axis in group)
        self.names = tuple(axis.name for axis in self.axes)
        self.draws = draws
        _check(self.dimensions, draws)
        self.where = None if where is None else Where(where, self.names, constants)
        self.constants = dict(constants or {}) if where else {}
        self._is_listed = not any(isinstance(axis.values, Interval) for axis in self.axes)
        self._sizes = [len(group[0]) for group in self.dimensions]
        self._size = math.prod(self._sizes) if self._is_listed else 0
        if draws is None and self._size > MAX_POINTS:
            raise Mistake(f"the axes make {self._size:.0e} points", "use fewer values, or --random 1000")
        self._columns = [[_made(axis) for axis in group] for group in self.dimensions]
        self._shuffle = Shuffle(self._size, draws.seed) if draws and self._is_listed else None

    @property
    def most(self) -> int:
        """The number of points, were there no condition."""
        if self.draws is None:
            return self._size
        return min(self.draws.count, self._size) if self._is_listed else self.draws.count

    @property
    def candidates(self) -> int:
        """How many numbers of points are tried: more than there are points where a condition drops some."""
        if self.draws is None:
            return self._size
        limit = max(LEAST_DRAWN, HOPELESS * self.draws.count)
        return min(self._size, limit) if self._is_listed else limit

    def values(self, number: int) -> tuple[Any, ...]:
        """The values of the point of that number."""
        if not self._is_listed:
            return self._drawn(number)
        rest = number if self._shuffle is None else self._shuffle[number]
        indices: list[int] = []
        for size in reversed(self._sizes):
            rest, index = divmod(rest, size)
            indices.append(index)
        indices.reverse()
        return tuple(
            column[index] for columns, index in zip(self._columns, indices, strict=True) for column in columns
        )

    def blocks(self) -> Iterator[list[Point]]:
        """The points in the order of their numbers, in lists of at most `BLOCK`; one may be empty.

        Raises:
            Mistake: the condition cannot be told for some values, or lets no point or hardly any through.
        """
        block: list[Point] = []
        found = 0
        keeps = None if self.where is None else self.where.keeps
        most = None if self.draws is None else self.draws.count
        for number, values in enumerate(self._all_values()):
            if keeps is None or keeps(values):
                block.append(Point(number, values))
                found += 1
            if len(block) == BLOCK or number % SCANNED == SCANNED - 1:
                yield block
                block = []
            if found == most:
                break
        if self.where is not None and not found:
            raise Mistake(f"no point meets the condition '{self.where.text}'", "loosen it")
        yield block

    def to_plain(self) -> dict[str, Any]:
        """All that determines the points, as plain data."""
        return {
            "dimensions": [[axis.to_plain() for axis in group] for group in self.dimensions],
            "draws": None if self.draws is None else [self.draws.count, self.draws.seed],
            "where": None if self.where is None else self.where.text,
            "constants": self.constants,
        }

    @property
    def digest(self) -> str:
        """The same for designs with the same points in the same order."""
        return hashlib.sha256(json.dumps(self.to_plain(), sort_keys=True).encode()).hexdigest()

    def _all_values(self) -> Iterator[tuple[Any, ...]]:
        """The values of number 0, 1, and so on."""
        if self.draws is None and max(self._sizes) <= MOST_MADE:
            # What `values` gives for each number in turn, but faster.
            groups = [[*zip(*columns, strict=True)] for columns in self._columns]
            yield from (tuple(chain.from_iterable(parts)) for parts in product(*groups))
            return
        yield from map(self.values, range(self.candidates))
        if self.draws is not None and not (self._is_listed and self.candidates == self._size):
            few = "none" if self.draws.count == 1 else f"fewer than {self.draws.count:,}"
            raise Mistake(
                f"{few} of {count(self.candidates, 'random point')} meet the condition",
                "loosen the condition, or narrow the axes to where it holds",
            )

    def _drawn(self, number: int) -> tuple[Any, ...]:
        """Every dimension drawn from a generator of this point alone."""
        assert self.draws is not None
        rng = random.Random(f"{self.draws.seed}/{number}")
        found: list[Any] = []
        for columns in self._columns:
            share = rng.random()
            found += [
                column.at(share) if isinstance(column, Interval) else column[int(share * len(column))]
                for column in columns
            ]
        return tuple(found)


def design_from_plain(plain: Mapping[str, Any]) -> Design:
    """The design that `to_plain` made this of."""
    groups = [[axis_from_plain(axis) for axis in group] for group in plain["dimensions"]]
    return Design(
        (),
        zipped=groups,
        draws=None if plain["draws"] is None else Draws(*plain["draws"]),
        where=plain["where"],
        constants=plain["constants"],
    )


def _made(axis: Axis) -> Any:
    """The values of a range as a list, unless it is a long one: asked for again and again."""
    values = axis.values
    return tuple(values) if isinstance(values, Range) and len(values) <= MOST_MADE else values


def _check(dimensions: Sequence[tuple[Axis, ...]], draws: Draws | None) -> None:
    names = [axis.name for group in dimensions for axis in group]
    if not names:
        raise Mistake("there is nothing to vary", "give an axis, as in --axis depth=10,20,50")
    for number, name in enumerate(names):
        if name in names[:number]:
            raise Mistake(f"the axis '{name}' is given twice", "put all its values into one")
    for group in dimensions:
        sizes = {axis.name: len(axis) for axis in group}
        if len(set(sizes.values())) > 1:
            words = ", ".join(f"{name} has {size}" for name, size in sizes.items())
            raise Mistake(f"zipped axes have different numbers of values: {words}", "give each as many")
        intervals = [axis.name for axis in group if isinstance(axis.values, Interval)]
        if intervals and draws is None:
            raise Mistake(
                f"the range of '{intervals[0]}' does not say how many values it has",
                "add the number behind it, or draw points with --random 100",
            )
    if draws is not None and draws.count < 1:
        raise Mistake(f"{draws.count} random points are none", "ask for at least one")
