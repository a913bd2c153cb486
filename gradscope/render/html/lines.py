"""Pictures of lines with bands, and of bars."""

import math
from collections.abc import Iterator, Sequence

from gradscope.render.html.frame import Frame, cross, edge, picture
from gradscope.render.html.markup import element, escaped, number
from gradscope.render.html.scales import span
from gradscope.render.html.style import SERIES
from gradscope.render.pictures.picture import Bars, Line, Lines
from gradscope.render.quantities import value

MOST_DOTS = 60
MOST_BARS = 250
"""Positions that have bars of their own; beyond, neighbours share the worst of theirs."""


def draw_lines(found: Lines) -> str:
    """The lines over a grid, each position with its numbers to hover over."""
    ends = span(_extent(found.lines), least=found.least, whole=found.ticks.is_log10)
    frame = Frame(found.labels, ends, found.places)
    parts = [*frame.axes(found.ticks, found.across)]
    for series, line in enumerate(found.lines):
        parts += _band(line, series, frame)
    # What is dashed is broader and lies below, so that both are seen where they agree.
    for series, line in sorted(enumerate(found.lines), key=lambda each: not each[1].is_dashed):
        parts += _line(line, series, frame)
    parts += frame.hovers(hover_words(found))
    return picture(f"{found.title}: {found.about}", parts)


def draw_bars(found: Bars) -> str:
    """Bars from zero, side by side."""
    groups = _groups(len(found.labels), MOST_BARS)
    lines = [[_worst([line.numbers[place] for place in group]) for group in groups] for line in found.lines]
    low, high = span([0.0, found.most, *(number for line in lines for number in line)])
    frame = Frame([found.labels[group[0]] for group in groups], (low, high))
    parts = [*frame.axes(found.ticks, found.across)]
    thick = frame.slot * 0.8 / max(1, len(lines))
    for series, numbers in enumerate(lines):
        for place, height in enumerate(numbers):
            left = frame.across(place) - frame.slot * 0.4 + series * thick
            parts += _bar(height, left, thick, color_class(found.lines[series], series), frame)
    words = hover_words(found)
    parts += frame.hovers(
        [" … ".join(dict.fromkeys((words[group[0]], words[group[-1]]))) for group in groups]
    )
    return picture(f"{found.title}: {found.about}", parts)


def color_class(line: Line, series: int) -> str:
    """Of the verdict it stands for, or of its place among the lines."""
    return f"v-{line.tone}" if line.tone else f"s{series % SERIES}"


def hover_words(found: Lines | Bars) -> list[str]:
    """Every number of a position, a line each."""
    return ["\n".join(map(escaped, _told(found, place, label))) for place, label in enumerate(found.labels)]


def _told(found: Lines | Bars, place: int, label: str) -> Iterator[str]:
    yield f"{found.across} {label}" if label.replace(".", "").isdigit() else label
    for line in found.lines:
        height = line.numbers[place]
        if height is not None:
            yield f"{line.name}: {found.ticks.write(height)}{_plus_minus(line, place, found)}"


def _plus_minus(line: Line, place: int, found: Lines | Bars) -> str:
    spread = line.spread[place] if line.spread else None
    if spread is None:
        return ""
    return f" ± {value(spread)}{' decades' if found.ticks.is_log10 else ''}"


def _extent(lines: Sequence[Line]) -> Iterator[float | None]:
    for line in lines:
        yield from line.numbers
        for middle, half in zip(line.numbers, line.spread, strict=False):
            if middle is not None and half is not None:
                yield from (middle - half, middle + half)


def _runs(line: Line) -> Iterator[list[int]]:
    """Positions in a row that have a finite number."""
    run: list[int] = []
    for place, height in enumerate(line.numbers):
        if height is not None and math.isfinite(height):
            run.append(place)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _line(line: Line, series: int, frame: Frame) -> Iterator[str]:
    dash = " dash" if line.is_dashed else ""
    color = color_class(line, series)
    for run in _runs(line):
        points = [(frame.across(place), frame.up(line.numbers[place] or 0.0)) for place in run]
        if len(points) > 1:
            yield element("path", class_=f"{color} line{dash}", d=_path(points))
        if len(points) == 1 or (len(line.numbers) <= MOST_DOTS and not line.is_dashed):
            for x, y in points:
                yield element("circle", class_=f"{color} dot", cx=x, cy=y, r=2.6)
    for place, height in enumerate(line.numbers):
        if height is not None and not math.isfinite(height):
            yield cross(frame.across(place), edge(height, frame), color)


def _band(line: Line, series: int, frame: Frame) -> Iterator[str]:
    if not line.spread:
        return
    for run in _runs(line):
        halves = [line.spread[place] or 0.0 for place in run]
        if not all(map(math.isfinite, halves)):
            continue
        middles = [line.numbers[place] or 0.0 for place in run]
        above = [(frame.across(p), frame.up(m + h)) for p, m, h in zip(run, middles, halves, strict=True)]
        below = [(frame.across(p), frame.up(m - h)) for p, m, h in zip(run, middles, halves, strict=True)]
        yield element(
            "path", class_=f"{color_class(line, series)} band", d=_path([*above, *reversed(below)]) + "Z"
        )


def _bar(height: float | None, left: float, thick: float, color: str, frame: Frame) -> Iterator[str]:
    if height is None:
        return
    if not math.isfinite(height):
        yield cross(left + thick / 2, edge(height, frame), color)
        return
    top, bottom = sorted((frame.up(height), frame.up(0.0)))
    yield element(
        "rect", class_=f"{color} bar", x=left, width=max(0.5, thick - 0.3), y=top, height=bottom - top
    )


def _groups(count: int, most: int) -> list[range]:
    size = max(1, -(-count // most))
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _worst(numbers: Sequence[float | None]) -> float | None:
    """The one farthest from zero; a NaN is farther than any."""
    found = [height for height in numbers if height is not None]
    return max(found, key=lambda each: math.inf if math.isnan(each) else abs(each), default=None)
