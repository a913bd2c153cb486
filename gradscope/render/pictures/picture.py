"""The records of pictures: lines, bars and cells with their words. How they are drawn, html and png know."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from gradscope.render.quantities import NOTHING, norm, share, value

Numbers = tuple[float | None, ...]
"""One for each position; None where there is none. NaN and infinities are shown as what they are."""


class Ticks(NamedTuple):
    """How the numbers of an axis are written."""

    label: str
    write: Callable[[float | None], str]
    is_log10: bool = False
    """Whether the numbers are logarithms, and are written as the powers of ten they stand for."""


def norms(label: str) -> Ticks:
    """An axis of norms, which are kept as log10."""
    return Ticks(label, norm, is_log10=True)


def shares(label: str) -> Ticks:
    """An axis of shares from 0 to 1, written in per cent."""
    return Ticks(label, share)


def values(label: str) -> Ticks:
    """An axis of plain numbers."""
    return Ticks(label, value)


class Line(Struct, frozen=True):
    """One line of a picture."""

    name: str
    numbers: Numbers
    spread: Numbers = ()
    """Half the width of the band around it, where it has one."""
    is_dashed: bool = False
    tone: str = ""
    """A verdict whose colour it has, rather than that of its place."""


class _Titled(Struct, frozen=True, kw_only=True):
    """What every picture has."""

    key: str
    title: str
    about: str
    """One sentence: what to look for."""
    across: str
    """What the positions from left to right are."""


class Lines(_Titled, frozen=True, kw_only=True):
    """Lines over layers, or over numbers."""

    labels: tuple[str, ...]
    """Of the positions."""
    places: tuple[float, ...] = ()
    """Where the positions are on an axis of numbers; evenly spaced if empty."""
    ticks: Ticks
    lines: tuple[Line, ...]
    least: float | None = None
    """The axis spans at least that much."""


class Bars(_Titled, frozen=True, kw_only=True):
    """Bars from zero, those of one position side by side; up to 1 where they are shares."""

    labels: tuple[str, ...]
    """Of the positions."""
    ticks: Ticks
    lines: tuple[Line, ...]
    most: float | None = None
    """The top of the axis, where it is known."""


class _Map(_Titled, frozen=True, kw_only=True):
    """What every map has: rows from top to bottom, columns from left to right."""

    down: str
    """What the rows are."""
    columns: tuple[str, ...]
    rows: tuple[str, ...]


class Cells(_Map, frozen=True, kw_only=True):
    """A map of numbers in colours."""

    numbers: tuple[Numbers, ...]
    ticks: Ticks
    most: float | None = None
    """The number of the lightest shade, 0 being that of the darkest; without it the numbers decide."""


class Words(_Map, frozen=True, kw_only=True):
    """A map of verdicts; None where there is no point."""

    words: tuple[tuple[str | None, ...], ...]


Picture = Lines | Bars | Cells | Words


class Table(NamedTuple):
    """The numbers of a picture, or of anything else, in words."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The first cell of a row is its head."""


def table_of(picture: Picture) -> Table:
    """Every number that a picture shows."""
    if isinstance(picture, Words):
        body = [
            [NOTHING if word is None else word.replace("_", "-") for word in row] for row in picture.words
        ]
        return _map_table(picture.down, picture.columns, picture.rows, body)
    if isinstance(picture, Cells):
        body = [[picture.ticks.write(number) for number in row] for row in picture.numbers]
        return _map_table(picture.down, picture.columns, picture.rows, body)
    heads, columns = [picture.across], [list(picture.labels)]
    for line in picture.lines:
        heads.append(line.name)
        columns.append([picture.ticks.write(number) for number in line.numbers])
        if line.spread:
            heads.append(f"± {'decades' if picture.ticks.is_log10 else line.name}")
            columns.append([NOTHING if spread is None else value(spread) for spread in line.spread])
    return Table(tuple(heads), tuple(zip(*columns, strict=True)))


def _map_table(corner: str, columns: tuple[str, ...], rows: tuple[str, ...], body: list[list[str]]) -> Table:
    return Table((corner, *columns), tuple((row, *cells) for row, cells in zip(rows, body, strict=True)))
