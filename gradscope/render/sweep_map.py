"""The map of a sweep over two axes: a coloured letter a point, as many of them as fit, with a legend."""

from collections.abc import Iterator, Sequence

from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.spans import Line, Span, hanging, padded, width
from gradscope.render.verdicts import MARKS
from gradscope.sweeping.summary import MapSummary, worse

GAP = 2
LEAST_GOOD, MOST_CELL = 3, 10
"""Cells of the terminal for one of the map, where there is room; labels of that length fit above it."""
MOST_LABEL = 24


def map_lines(found: MapSummary, options: RenderOptions, cells: int) -> Iterator[Line]:
    """Heads, rows and the legend, no wider than that many cells of the terminal."""

    def safe(text: str) -> str:
        return visible(text, unicode=options.unicode)

    labels = [cut(safe(label), MOST_LABEL) for label in found.rows]
    label_width = max(map(width, [cut(safe(found.row_axis), MOST_LABEL), *labels]))
    room = cells - label_width - GAP
    joined = -(-len(found.columns) // max(1, room))
    columns = [safe(label) for label in found.columns[::joined]]
    wanted = max(LEAST_GOOD, min(MOST_CELL, 1 + max(map(width, columns))))
    cell = max(1, min(wanted, room // len(columns)))
    indent = " " * (label_width + GAP)
    title = cut(f"{safe(found.column_axis)} (across), {safe(found.row_axis)} (down)", cells)
    yield ((title, "bold"),)
    yield ((indent + _heads(columns, cell), "dim"),)
    for label, row in zip(labels, found.cells, strict=True):
        parts = [_worst(row[start : start + joined]) for start in range(0, len(row), joined)]
        yield (
            (padded(label, label_width, right=True), ""),
            (" " * GAP, ""),
            *(_cell(part, cell) for part in parts),
        )
    yield ()
    yield from _legend(found, cells - len(indent), indent)
    if joined > 1:
        words = f"each column stands for {joined} values, and shows the worst of them"
        yield from hanging((indent, ""), words, "dim", cells)


def _heads(labels: Sequence[str], cell: int) -> str:
    """As many labels as there is room for, each beginning above its column."""
    text = ""
    for number, label in enumerate(labels):
        start = number * cell
        if not text or width(text) < start:
            text = padded(text, start) + label
    return text[: max(len(labels) * cell, width(labels[0]))]


def _cell(word: str | None, cells: int) -> Span:
    if word is None:
        return " " * cells, ""
    mark = MARKS[word]
    return mark.letter.center(cells), mark.style


def _worst(words: Sequence[str | None]) -> str | None:
    found: str | None = None
    for word in words:
        found = worse(found, word)
    return found


def _legend(found: MapSummary, cells: int, indent: str) -> Iterator[Line]:
    """The letters that occur, on as many lines as it takes."""
    present = {word for row in found.cells for word in row}
    line: list[Span] = []
    for word, mark in MARKS.items():
        if word not in present:
            continue
        entry: list[Span] = [(f" {mark.letter} ", mark.style), (f" {word.replace('_', '-')}  ", "")]
        if line and sum(width(text) for text, _ in [*line, *entry]) - 2 > cells:
            yield [(indent, ""), *line]
            line = []
        line += entry
    yield [(indent, ""), *line]


def cut(text: str, cells: int) -> str:
    """The text, or its beginning and two dots."""
    if width(text) <= cells:
        return text
    while text and width(text) > cells - 2:
        text = text[:-1]
    return f"{text}.."
