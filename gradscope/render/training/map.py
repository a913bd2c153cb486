"""The heat map laid out: a row a layer with its label, its cells and its columns, as many as fit."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from gradscope.render.blocks import MARKS
from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.quantities import NOTHING
from gradscope.render.rows import Fold, Row, folded_rows, rows_of
from gradscope.render.spans import Line, Span, hanging, padded, width
from gradscope.render.training.columns import TRAINING_COLUMNS, ends_of
from gradscope.render.training.heat import Heat, heat_of
from gradscope.report import TrainingReport

GAP = 2
GUTTER = 2
INDENT = 2
LEAST_CELLS, MOST_CELLS = 12, 60
LEAST_NAME = 8


class _Table(Struct, frozen=True, kw_only=True):
    """What stands in the rows, and how wide."""

    heat: Heat
    texts: dict[str, list[str]]
    """The cells of the columns, by layer."""
    widths: list[int]
    """Of the columns that fit."""
    name_width: int

    @property
    def map_width(self) -> int:
        return max(len(self.heat.steps), width(self.heat.scale))

    @property
    def width(self) -> int:
        columns = sum(GAP + cells for cells in self.widths)
        return GUTTER + self.name_width + GAP + self.map_width + columns

    def line(self, gutter: str, name: Span, cells: Sequence[Span], texts: Sequence[str]) -> Line:
        drawn = sum(width(text) for text, _ in cells)
        columns = zip(texts, self.widths, strict=False)
        return [
            (padded(gutter, GUTTER) + padded(name[0], self.name_width) + " " * GAP, name[1]),
            *cells,
            (" " * (self.map_width - drawn), ""),
            *((" " * GAP + padded(text, each, right=True), "") for text, each in columns),
        ]


def map_lines(report: TrainingReport, options: RenderOptions, cells: int) -> Iterator[Line]:
    """Heads, a rule and the rows, no wider than that many cells of the terminal."""
    rows = rows_of(report, all_layers=options.all_layers)
    labels = {row.layer.name: " " * (INDENT * row.depth) + _safe(row.label, options) for row in rows}
    heads, table = _table(report, rows, labels, cells)
    yield table.line("", ("layer", "bold"), [(table.heat.scale, "dim")], heads)
    yield (("─" * table.width, "dim"),)
    for row in rows if options.full else folded_rows(rows):
        if isinstance(row, Fold):
            first, last = _safe(row.first, options), _safe(row.last, options)
            words = f"... {row.count} more layers, {first} to {last}; --full shows them"
            yield from hanging((" " * GUTTER, ""), words, "dim", cells)
            continue
        mark, style = MARKS[row.severity.name] if row.severity else ("", "")
        name = row.layer.name
        label = _cut(labels[name], table.name_width)
        yield table.line(mark, (label, style), table.heat.row(name), table.texts[name])


def _table(
    report: TrainingReport, rows: Sequence[Row], labels: dict[str, str], cells: int
) -> tuple[list[str], _Table]:
    """As many columns as leave room for the map."""
    ends = ends_of(report)
    columns = {column.head: [column.text(row, *ends) for row in rows] for column in TRAINING_COLUMNS}
    filled = {head: texts for head, texts in columns.items() if set(texts) != {NOTHING}}
    name_width = max(LEAST_NAME, min(max(map(width, labels.values())), cells // 3))
    room = cells - GUTTER - name_width - GAP
    widths: list[int] = []
    for head, texts in filled.items():
        wanted = max(width(head), *map(width, texts))
        if room - GAP - wanted >= LEAST_CELLS:
            widths.append(wanted)
            room -= GAP + wanted
        else:
            break
    heads = [*filled][: len(widths)]
    found = _Table(
        heat=heat_of(report.steps, [*labels], min(MOST_CELLS, room)),
        texts={row.layer.name: [filled[head][n] for head in heads] for n, row in enumerate(rows)},
        widths=widths,
        name_width=name_width,
    )
    return heads, found


def _safe(text: str, options: RenderOptions) -> str:
    return visible(text, unicode=options.unicode)


def _cut(text: str, cells: int) -> str:
    while width(text) > cells:
        text = text[:-1]
    return text
