"""Lays rows out on the columns that fit: which are shown, how wide the bars are, every line of the table."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from gradscope.render.bars import Scale, bar, scale_of
from gradscope.render.blocks import MARKS
from gradscope.render.characters import visible
from gradscope.render.columns import COLUMNS, GRADIENT, Column, distance_style, filled
from gradscope.render.options import RenderOptions
from gradscope.render.rows import Fold, Row, folded_rows
from gradscope.render.spans import Line, Span, folded, hanging, padded, width

GAP = 2
GUTTER = 2
INDENT = 2
"""Cells for each container a layer is in."""
LEAST_BAR, GOOD_BAR, MOST_BAR = 12, 20, 40
"""Cells of a bar; on a wide terminal good is a fifth of it."""
MISSED = 8
"""The last rank of the columns a reader would miss: they make the bar less than good."""


class Layout(Struct, frozen=True, kw_only=True):
    """The widths of one table, and what its colours and bars are measured against."""

    columns: tuple[Column, ...]
    widths: dict[str, int]
    """Of the columns, by head."""
    name_width: int
    bar_width: int
    scale: Scale
    reference: float
    """log10 L2 of the gradient at the last flow point."""

    @property
    def width(self) -> int:
        """Of the whole table."""
        return (
            GUTTER
            + self.name_width
            + GAP
            + self.bar_width
            + sum(GAP + cells for cells in self.widths.values())
        )


def layout_of(rows: Sequence[Row], reference: float, cells: int, options: RenderOptions) -> Layout:
    """As many columns as fit, the more important ones first; what is left widens the bars."""
    columns = filled(COLUMNS, rows)
    names = max(width("layer"), *(INDENT * row.depth + width(_label(row, options)) for row in rows))
    name_width = min(names, max(12, cells // 3))
    left = cells - GUTTER - name_width - GAP
    good_bar = max(GOOD_BAR, cells // 5)
    widths = {}
    for column in sorted(columns, key=lambda column: column.rank):
        need = GAP + max(width(column.head), *(width(visible(column.text(row))) for row in rows))
        if column is GRADIENT or left - need >= (LEAST_BAR if column.rank <= MISSED else good_bar):
            widths[column.head] = need - GAP
            left -= need
    return Layout(
        columns=tuple(column for column in columns if column.head in widths),
        widths=widths,
        name_width=name_width,
        bar_width=min(MOST_BAR, max(0, left)),
        scale=scale_of(row.layer.output_grad.log10_l2 for row in rows),
        reference=reference,
    )


def table_lines(rows: Sequence[Row], layout: Layout, options: RenderOptions) -> Iterator[Line]:
    """Heads, a rule, the rows."""
    heads = {column.head: (column.head, "bold") for column in layout.columns}
    yield _line(("", ""), ("layer", "bold"), heads, (layout.scale.head(layout.bar_width), "dim"), layout)
    yield (("─" * layout.width, "dim"),)
    for row in rows if options.full else folded_rows(rows):
        if isinstance(row, Fold):
            yield from _fold_lines(row, layout, options)
        else:
            yield from _row_lines(row, layout, options)


def _row_lines(row: Row, layout: Layout, options: RenderOptions) -> Iterator[Line]:
    mark, style = MARKS[row.severity.name] if row.severity else ("", "")
    indent = " " * (INDENT * row.depth)
    first, *rest = folded(_label(row, options), max(2, layout.name_width - len(indent)))
    cells = {
        column.head: (visible(column.text(row)), column.style(row, layout.reference))
        for column in layout.columns
    }
    exponent = row.layer.output_grad.log10_l2
    drawn = bar(exponent, layout.scale, layout.bar_width)
    yield _line(
        (mark, style),
        (indent + first, style),
        cells,
        (drawn, distance_style(exponent, layout.reference)),
        layout,
    )
    for piece in rest:
        yield ((" " * GUTTER + indent + piece, style),)


def _line(gutter: Span, name: Span, cells: dict[str, Span], drawn: Span, layout: Layout) -> Line:
    """One line of the table; the bar stands behind the gradient it shows."""
    line = [
        (padded(gutter[0], GUTTER), gutter[1]),
        (padded(name[0], layout.name_width), name[1]),
    ]
    for column in layout.columns:
        text, style = cells[column.head]
        line += [(" " * GAP, ""), (padded(text, layout.widths[column.head], right=column.right), style)]
        if column is GRADIENT:
            line += [(" " * GAP, ""), (padded(drawn[0], layout.bar_width), drawn[1])]
    return line


def _fold_lines(fold: Fold, layout: Layout, options: RenderOptions) -> Iterator[Line]:
    first, last = (visible(name, unicode=options.unicode) for name in (fold.first, fold.last))
    words = f"... {fold.count} more layers, {first} to {last}; --full shows them"
    yield from hanging((" " * GUTTER, ""), words, "dim", layout.width)


def _label(row: Row, options: RenderOptions) -> str:
    return visible(row.label, unicode=options.unicode)
