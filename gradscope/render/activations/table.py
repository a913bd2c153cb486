"""The activations for a person at a terminal: a table, and for named ones their curves."""

from collections.abc import Iterator, Sequence

from gradscope.render.activations import Gallery
from gradscope.render.activations.columns import ABOUT, COLUMNS, Column
from gradscope.render.canvas import Canvas
from gradscope.render.characters import legend, to_ascii, visible
from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint
from gradscope.render.quantities import value
from gradscope.render.spans import Line, hanging, padded, width
from gradscope.theory.portrait import Portrait

LEAST_WIDTH = 40
MOST_PROSE = 100
GAP = 2
MOST_CURVE, CURVE_ROWS = 44, 11
_LABEL = 6
"""Cells in front of a curve, for the numbers of its axis."""

NO_CURVE = "over the last axis, no function of a single number: there is no curve"


def render(gallery: Gallery, options: RenderOptions) -> str:
    """A row an activation; named ones are drawn below."""
    return paint(_lines(gallery, options, max(LEAST_WIDTH, options.width)), options)


def _lines(gallery: Gallery, options: RenderOptions, cells: int) -> Iterator[Line]:
    if options.quiet:
        yield from (((visible(found.name), ""),) for found in gallery.portraits)
        return
    yield from _table(gallery.portraits, cells)
    yield ()
    yield from hanging(("", ""), visible(ABOUT, unicode=options.unicode), "dim", min(cells, MOST_PROSE))
    if options.verbose:
        for column in COLUMNS:
            meaning = legend(column.meaning, unicode=options.unicode)
            yield from hanging((f"{column.head:<9}", "bold"), meaning, "", min(cells, MOST_PROSE))
    for found in gallery.portraits if gallery.is_named else ():
        yield ()
        summary = visible(found.summary, unicode=options.unicode)
        yield from hanging((f"{visible(found.name)}  ", "bold"), summary, "", min(cells, MOST_PROSE))
        yield from _curves(found, options, cells)


def _table(portraits: Sequence[Portrait], cells: int) -> Iterator[Line]:
    name_width = max(width("activation"), *(width(visible(found.name)) for found in portraits))
    columns = _fitting(portraits, cells - name_width)
    widths = [_width(column, portraits) for column in columns]
    heads = [padded(column.head, each, right=True) for column, each in zip(columns, widths, strict=True)]
    yield ((padded("activation", name_width), "bold"), *(((" " * GAP + head), "bold") for head in heads))
    yield (("─" * (name_width + sum(GAP + each for each in widths)), "dim"),)
    for found in portraits:
        texts = [
            padded(column.text(found), each, right=True) for column, each in zip(columns, widths, strict=True)
        ]
        yield ((padded(visible(found.name), name_width), ""), *((" " * GAP + text, "") for text in texts))


def _fitting(portraits: Sequence[Portrait], cells: int) -> list[Column]:
    kept: list[Column] = []
    for column in sorted(COLUMNS, key=lambda each: each.rank):
        need = GAP + _width(column, portraits)
        if need <= cells:
            kept.append(column)
            cells -= need
    return [column for column in COLUMNS if column in kept]


def _width(column: Column, portraits: Sequence[Portrait]) -> int:
    return max(width(column.head), *(width(column.text(found)) for found in portraits))


def _curves(found: Portrait, options: RenderOptions, cells: int) -> Iterator[Line]:
    """φ and φ′ beside each other, or below on a narrow terminal."""
    if found.curve is None:
        yield from hanging(("", ""), NO_CURVE, "dim", min(cells, MOST_PROSE))
        return
    room = (cells - GAP) // 2
    beside = room >= LEAST_WIDTH - GAP
    wide = min(MOST_CURVE, (room if beside else cells) - _LABEL - 1)
    panels = [
        _panel(name, found.curve.z, heights, wide, options)
        for name, heights in (("φ", found.curve.value), ("φ′", found.curve.slope))
    ]
    if not beside:
        yield from (((line, ""),) for panel in panels for line in panel)
        return
    for left, right in zip(*panels, strict=True):
        yield ((padded(left, wide + _LABEL + 1 + GAP), ""), (right, ""))


def _panel(
    name: str, z: Sequence[float], heights: Sequence[float], wide: int, options: RenderOptions
) -> list[str]:
    """One curve with the numbers of both axes."""
    canvas = Canvas(wide, CURVE_ROWS, (min(z), max(z)), (min(*heights, 0.0), max(heights)))
    canvas.cross()
    canvas.line(z, heights)
    low, high = canvas.height
    labels = {0: value(round(high, 2)), CURVE_ROWS - 1: value(round(low, 2))}
    body = [
        f"{labels.get(number, ''):>{_LABEL}} {row}"
        for number, row in enumerate(canvas.rows(unicode=options.unicode))
    ]
    head = name if options.unicode else to_ascii(name)
    ends = f"{min(z):g}", f"{max(z):g}"
    blanks = " " * (wide - len(ends[0]) - len(ends[1]))
    return [f"{'':{_LABEL}} {head}", *body, f"{'':{_LABEL}} {ends[0]}{blanks}{ends[1]}"]
