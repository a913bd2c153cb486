"""Maps on the axes of a sheet: numbers in the colours of viridis, verdicts in colours with a letter."""

from typing import Any

import numpy as np

from gradscope.render.characters import visible
from gradscope.render.html.cells import ends_of, is_bad, shade
from gradscope.render.html.scales import MOST_LABELS, short_label, shown_labels
from gradscope.render.html.style import SHADES, VERDICTS, VIRIDIS
from gradscope.render.pictures.picture import Cells, Words
from gradscope.render.verdicts import MARKS

MOST_ROWS, MOST_LETTERS = 40, 45
LONGEST = 10
BESIDE = (1.015, 0.0, 0.015, 1.0)
"""Where the key of the shades stands, in widths and heights of the map: left, bottom, width, height."""
NOTHING, BAD = -1, SHADES
"""Beside the shades: where there is no number, and where it is a NaN or an infinity."""


def draw_cells(axes: Any, found: Cells) -> None:
    """A cell in a shade for each number; white where there is none, black where it is not finite."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    low, high = ends_of(found)
    places = [[_shade(number, low, high) for number in row] for row in found.numbers]
    _show(axes, places, ["#ffffff", *VIRIDIS, "#000000"])
    key = ScalarMappable(Normalize(low, high), ListedColormap(VIRIDIS))
    # Inside the map's own axes: as one of the figure it would stand at the right end of the sheet, behind the
    # room that legends of other pictures take.
    beside = axes.inset_axes(BESIDE)
    bar = axes.figure.colorbar(key, cax=beside, label=found.ticks.label, ticks=[low, high])
    bar.ax.set_yticklabels([found.ticks.write(low), found.ticks.write(high)])
    _label(axes, found)


def draw_words(axes: Any, found: Words) -> None:
    """A cell with colour and letter for each verdict."""
    from matplotlib.patches import Patch

    known = [*VERDICTS]
    places = [[NOTHING if word is None else known.index(word) for word in row] for row in found.words]
    _show(axes, places, ["#ffffff", *(VERDICTS[word][0] for word in known)])
    if max(len(found.columns), len(found.rows)) <= MOST_LETTERS:
        for y, row in enumerate(found.words):
            for x, word in enumerate(row):
                if word is not None:
                    look = {"ha": "center", "va": "center", "fontsize": 8.0, "color": VERDICTS[word][1]}
                    axes.text(x, y, MARKS[word].letter, **look)
    there = {word for row in found.words for word in row}
    patches = [
        Patch(facecolor=VERDICTS[word][0], label=f"{mark.letter} {word.replace('_', '-')}")
        for word, mark in MARKS.items()
        if word in there
    ]
    axes.legend(handles=patches, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    _label(axes, found)


def _shade(number: float | None, low: float, high: float) -> int:
    if number is None:
        return NOTHING
    return BAD if is_bad(number) else shade(number, low, high)


def _show(axes: Any, places: list[list[int]], colors: list[str]) -> None:
    """Numbers from -1 on are places among the colours."""
    from matplotlib.colors import ListedColormap

    axes.imshow(
        np.array(places) + 0.5,
        cmap=ListedColormap(colors),
        vmin=NOTHING,
        vmax=NOTHING + len(colors),
        aspect="auto",
        interpolation="nearest",
    )


def _label(axes: Any, found: Cells | Words) -> None:
    for labels, most, put in (
        (found.columns, MOST_LABELS, axes.set_xticks),
        (found.rows, MOST_ROWS, axes.set_yticks),
    ):
        shown = shown_labels(len(labels), most)
        put(shown, [short_label(labels[place], LONGEST) for place in shown])
    axes.set_xlabel(visible(found.across))
    axes.set_ylabel(visible(found.down))
