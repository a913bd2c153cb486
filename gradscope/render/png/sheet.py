"""One sheet with all pictures below each other, as the bytes of a PNG file."""

import io
import warnings
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from gradscope import __version__
from gradscope.numerals import count
from gradscope.render.characters import visible
from gradscope.render.html.style import LIGHT
from gradscope.render.pictures.picture import Bars, Cells, Lines, Picture, Words
from gradscope.render.png.curves import draw_bars, draw_lines
from gradscope.render.png.maps import draw_cells, draw_words

WIDTH, HEIGHT = 9.0, 3.6
"""Inches of a picture."""
ROW = 0.2
"""Inches of a row of a map, if it has a usual number of them."""
LEAST_ROWS, MOST_ROWS = 7, 100
DPI = 120
MOST = 100
"""Pictures on a sheet; a PNG of more than 2^16 rows cannot be made, nor read."""

_STYLE: dict[str, Any] = {
    "text.parse_math": False,  # a name may hold dollars
    "font.size": 9.0,
    "text.color": LIGHT["fg"],
    "axes.labelcolor": LIGHT["muted"],
    "axes.edgecolor": LIGHT["grid"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "grid.color": LIGHT["grid"],
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_DRAW: dict[type, Callable[[Any, Any], None]] = {
    Lines: draw_lines,
    Bars: draw_bars,
    Cells: draw_cells,
    Words: draw_words,
}


def sheet(title: str, pictures: Iterable[tuple[str, Picture]]) -> bytes:
    """The pictures under a title, each with what it is of; no bytes where there is nothing to draw.

    A user's matplotlibrc changes nothing, and the same pictures give the same bytes.
    """
    rest = iter(pictures)
    shown = list(islice(rest, MOST))
    left = sum(1 for _ in rest)
    if not shown:
        return b""
    from matplotlib import style

    with style.context(["default", _STYLE]), warnings.catch_warnings():
        # A letter that the font has not is drawn as a box, which is said with a warning each time.
        warnings.filterwarnings("ignore", message="Glyph")
        more = f" (html shows {count(left, 'picture')} more)" if left else ""
        return _drawn(visible(title) + more, shown)


def _drawn(title: str, shown: list[tuple[str, Picture]]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [_height(picture) for _, picture in shown]
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.5), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12.0, fontweight="bold")
    axes = figure.subplots(len(shown), 1, squeeze=False, height_ratios=heights)[:, 0]
    for (of, picture), place in zip(shown, axes, strict=True):
        place.set_title(
            f"{visible(of)}{': ' if of else ''}{visible(picture.title)}", loc="left", fontsize=10.0
        )
        _DRAW[type(picture)](place, picture)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": f"gradscope {__version__}"})
    return stream.getvalue()


def _height(picture: Picture) -> float:
    if isinstance(picture, Lines | Bars):
        return HEIGHT
    return 1.0 + ROW * min(max(len(picture.rows), LEAST_ROWS), MOST_ROWS)
