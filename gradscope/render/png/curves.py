"""Lines with bands, and bars, on the axes of a sheet."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradscope.render.characters import visible
from gradscope.render.html.scales import MOST_LABELS, Scale, short_label, shown_labels, span
from gradscope.render.html.style import LIGHT, SERIES, VERDICTS
from gradscope.render.pictures.picture import Bars, Line, Lines, Numbers

MOST_DOTS = 60
LONGEST = 10
"""Characters of a label below the axis."""
MOST_LETTERS = 84
"""Characters that fit side by side below the axis; with more of them the labels stand aslant."""


def draw_lines(axes: Any, found: Lines) -> None:
    """Each line with its band; a NaN or an infinity is a cross at the edge."""
    across = np.array(found.places) if found.places else np.arange(len(found.labels), dtype=float)
    low, high = span(_extent(found.lines), least=found.least, whole=found.ticks.is_log10)
    margin = 0.03 * (high - low)
    axes.set_ylim(low - margin, high + margin)
    for series, line in enumerate(found.lines):
        color, numbers = color_of(line, series), finite(line.numbers)
        if line.spread:
            half = finite(line.spread)
            axes.fill_between(across, numbers - half, numbers + half, color=color, alpha=0.2, linewidth=0.0)
        dots = _dotted(numbers, everywhere=not line.is_dashed and len(across) <= MOST_DOTS)
        axes.plot(
            across,
            numbers,
            color=color,
            label=visible(line.name),
            linestyle="--" if line.is_dashed else "-",
            linewidth=2.4 if line.is_dashed else 1.6,
            zorder=2 if line.is_dashed else 3,
            marker="o" if dots else "",
            markevery=dots or None,
            markersize=3.5,
        )
        _mark_lost(axes, across, line.numbers, (low, high), color)
    _label(axes, found, across, (low, high))


def draw_bars(axes: Any, found: Bars) -> None:
    """Bars from zero, those of one position side by side."""
    across = np.arange(len(found.labels), dtype=float)
    low, high = span([0.0, found.most, *(number for line in found.lines for number in line.numbers)])
    axes.set_ylim(low, high + 0.03 * (high - low))
    axes.set_xlim(-0.6, len(across) - 0.4)
    thick = 0.8 / max(1, len(found.lines))
    for series, line in enumerate(found.lines):
        color = color_of(line, series)
        places = across - 0.4 + (series + 0.5) * thick
        axes.bar(places, finite(line.numbers), thick, color=color, label=visible(line.name), zorder=2)
        _mark_lost(axes, places, line.numbers, (low, high), color)
    _label(axes, found, across, (low, high))


def finite(numbers: Numbers) -> Any:
    """As an array in which a NaN stands for what cannot be drawn."""
    return np.array(
        [math.nan if number is None or not math.isfinite(number) else number for number in numbers]
    )


def _dotted(numbers: Any, *, everywhere: bool) -> list[int]:
    """The positions that have dots; where not all have, those without neighbours to draw a line to."""
    there = np.isfinite(np.concatenate(([math.nan], numbers, [math.nan])))
    lone = there[1:-1] & ~there[:-2] & ~there[2:]
    return [place for place in range(len(numbers)) if everywhere or lone[place]]


def color_of(line: Line, series: int) -> str:
    """Of the verdict it stands for, or of its place among the lines."""
    return VERDICTS[line.tone][0] if line.tone else LIGHT[f"s{series % SERIES}"]


def _extent(lines: Sequence[Line]) -> list[float]:
    extent = []
    for line in lines:
        numbers = finite(line.numbers)
        half = np.nan_to_num(finite(line.spread)) if line.spread else 0.0
        extent += [*(numbers - half), *(numbers + half)]
    return extent


def _mark_lost(axes: Any, across: Any, numbers: Numbers, ends: tuple[float, float], color: str) -> None:
    low, high = ends
    for place, number in zip(across, numbers, strict=True):
        if number is not None and not math.isfinite(number):
            axes.plot(
                [place], [low if number == -math.inf else high], "x", color=color, clip_on=False, zorder=4
            )


def _label(axes: Any, found: Lines | Bars, across: Any, ends: tuple[float, float]) -> None:
    heights = Scale(*ends, 0.0, 1.0).ticks
    axes.set_yticks(heights, [found.ticks.write(height) for height in heights])
    shown = shown_labels(len(found.labels), MOST_LABELS)
    words = [short_label(found.labels[place], LONGEST) for place in shown]
    is_crowded = sum(map(len, words)) > MOST_LETTERS
    slant = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if is_crowded else {}
    axes.set_xticks([across[place] for place in shown], words, **slant)
    axes.set_xlabel(visible(found.across))
    axes.set_ylabel(found.ticks.label)
    axes.grid(axis="y", zorder=0)
    axes.set_axisbelow(True)
    if len(found.lines) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
