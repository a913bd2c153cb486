"""How many points a design has, and some from all over it. Computes none of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gradscope.sweeping.grid import Design, Point
from gradscope.sweeping.shuffle import Shuffle

SAMPLED = 20_000
"""Combinations that stand for all where those are too many to look at."""

_SEED = 0
"""Of the order in which a design is sampled: every k-th point would often have the same last value."""


class Census(NamedTuple):
    """A number of points."""

    points: int
    is_about: bool = False
    """Whether it is an estimate from a sample."""


def census(design: Design, most_looked_at: int) -> Census:
    """The number of points, an estimate where a condition would have to look at too many to know.

    Raises:
        Mistake: as from `Design.blocks`.
    """
    if design.where is None:
        return Census(design.most)
    spoken_of, times = _spoken_of(design)
    if spoken_of.candidates <= most_looked_at:
        return Census(times * sum(map(len, spoken_of.blocks())))
    kept = sum(1 for _ in _kept(design, _shuffled(design.candidates)))
    return Census(min(design.most, round(design.candidates * kept / SAMPLED)), is_about=True)


def sample(design: Design) -> Iterator[Point]:
    """Points from all over the design, at most `SAMPLED`, in no order; when it has no more, all of them.

    Raises:
        Mistake: as from `Design.blocks`.
    """
    found = 0
    for point in _kept(design, _shuffled(_last(design))):
        found += 1
        yield point
    if not found:
        yield from next(filter(None, design.blocks()))


def _spoken_of(design: Design) -> tuple[Design, int]:
    """The design of those axes alone that the condition names, and how many points of the whole design each
    of its points stands for."""
    if design.draws is not None or design.where is None:
        return design, 1
    asked = design.where.speaks_of
    groups = [group for group in design.dimensions if any(axis.name in asked for axis in group)]
    groups = groups or design.dimensions[:1]
    found = Design((), zipped=groups, where=design.where.text, constants=design.constants)
    others = [group for group in design.dimensions if group not in groups]
    return found, math.prod(len(group[0]) for group in others)


def _last(design: Design) -> int:
    """About how many draws the design takes: with a condition more than there are points."""
    if design.where is None or design.draws is None:
        return design.most
    kept, looked_at = 0, min(SAMPLED, design.candidates)
    for point in _kept(design, range(looked_at)):
        kept += 1
        if kept == design.draws.count:
            return point.number + 1
    return min(design.candidates, looked_at * design.draws.count // max(1, kept))


def _kept(design: Design, numbers: Iterable[int]) -> Iterator[Point]:
    for number in numbers:
        values = design.values(number)
        if design.where is None or design.where.keeps(values):
            yield Point(number, values)


def _shuffled(size: int) -> Iterator[int]:
    order = Shuffle(size, _SEED)
    return (order[position] for position in range(min(SAMPLED, size)))
