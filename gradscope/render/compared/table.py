"""The comparison for a person at a terminal: both sides, the layers with what changed, findings gained and
lost."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from gradscope.comparing.comparison import Side
from gradscope.render.blocks import MARKS, finding_lines
from gradscope.render.characters import legend, visible
from gradscope.render.compared import Compared
from gradscope.render.compared.rows import (
    PairFold,
    PairRow,
    dead,
    folded_pairs,
    gradient,
    pair_rows,
    saturated,
)
from gradscope.render.compared.words import conclusion, decades, lost_words, remarks, totals
from gradscope.render.headline import verdict_words
from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint
from gradscope.render.quantities import NOTHING, norm, share
from gradscope.render.spans import Line, Span, folded, hanging, padded, width

LEAST_WIDTH = 40
LEAST_CHANGES = 48
"""Cells from which on the totals have a column for what changed."""
MOST_PROSE = 100
GAP = 2
NOISE = 2.0
"""Standard errors within which a change may be chance."""


class _Column(Struct, frozen=True):
    head: str
    text: Callable[[PairRow], str]
    style: Callable[[PairRow], str]
    rank: int
    """The smaller, the narrower the terminal that still shows it."""


def _plain(row: PairRow) -> str:
    return ""


def change_style(row: PairRow) -> str:
    """Dim where the change may be chance, yellow from one decade on, red from three; red for what is none."""
    change, noise = row.change.output_grad, row.change.noise
    if change is None or change == 0.0 or (noise is not None and abs(change) <= NOISE * noise):
        return "dim"
    if abs(change) < 1.0:
        return ""
    return "yellow" if abs(change) < 3.0 else "red"


def _then(row: PairRow) -> str:
    """What stands behind the layer; on both sides where they differ."""
    sides = [NOTHING if side is None else _kinds(side.behind) for side in (row.a, row.b)]
    if row.a is None or row.b is None or sides[0] == sides[1]:
        return sides[1] if row.b is not None else sides[0]
    return f"{sides[0]} → {sides[1]}"


def _kinds(layers: Sequence[object]) -> str:
    return " ".join(str(getattr(layer, "kind", "")) for layer in layers) or NOTHING


_COLUMNS = (
    _Column("then", _then, _plain, 5),
    _Column("|∂L/∂y| A", lambda row: norm(gradient(row.a)), _plain, 1),
    _Column("B", lambda row: norm(gradient(row.b)), _plain, 1),
    _Column("decades", lambda row: decades(row.change.output_grad), change_style, 0),
    _Column("|∂L/∂W|", lambda row: decades(row.change.weight_grad), _plain, 4),
    _Column("dead A", lambda row: share(dead(row.a)), _plain, 2),
    _Column("B", lambda row: share(dead(row.b)), _plain, 2),
    _Column("satur. A", lambda row: share(saturated(row.a)), _plain, 3),
    _Column("B", lambda row: share(saturated(row.b)), _plain, 3),
)


def render(found: Compared, options: RenderOptions) -> str:
    """One page, or with `quiet` one line."""
    if options.quiet:
        return paint([_quiet(found, options)], options)
    return paint(_page(found, options), options)


def _page(found: Compared, options: RenderOptions) -> Iterator[Line]:
    comparison = found.comparison
    cells = max(LEAST_WIDTH, options.width)
    prose = min(cells, MOST_PROSE)
    for letter, side in (("A", comparison.a), ("B", comparison.b)):
        yield from _side(letter, side, options, prose)
    yield ()
    for label, before, after, change in totals(comparison):
        beside = f"  {change:>8}" if cells >= LEAST_CHANGES else ""
        yield ((f"{label:<14}", "bold"), (f"  {before:>10}  {after:>10}{beside}", ""))
    yield ()
    yield from _table(pair_rows(comparison), cells, options)
    if comparison.findings.gained:
        yield from ((), (("gained by B", "bold"),))
        yield from finding_lines(comparison.findings.gained, options, prose)
    yield from _lost(found, options, prose)
    yield ()
    for words in remarks(comparison):
        yield from hanging(("note     ", "bold"), visible(words, unicode=options.unicode), "", prose)
    if options.verbose:
        yield from _legend(options, prose)
        yield ()
    mark, style = MARKS["error"] if found.is_worse else ("✓", "bold green")
    verdicts = f"{comparison.a.report.verdict} → {comparison.b.report.verdict}; {conclusion(found)}"
    yield from hanging(("verdict  ", "bold"), f"{mark} {verdicts}", style, prose)


MEANINGS = (
    ("then", "the layers without weights behind it"),
    ("|∂L/∂y|", "L2 norm of the gradient at the layer's output, of A and of B"),
    ("decades", f"log10 of B over A; dim within {NOISE:.0f} standard errors of the trials' spread"),
    ("|∂L/∂W|", "the same of the norm of the weight gradient"),
    ("dead", "units of the activation with slope zero on every sample"),
    ("satur.", "entries with less than 1 % of the activation's steepest slope"),
)


def _legend(options: RenderOptions, cells: int) -> Iterator[Line]:
    for label, meaning in MEANINGS:
        head = legend(f"{label:<9}", unicode=options.unicode)
        yield from hanging((head, "bold"), legend(meaning, unicode=options.unicode), "dim", cells)


def _side(letter: str, side: Side, options: RenderOptions, cells: int) -> Iterator[Line]:
    def safe(text: str) -> str:
        return visible(text, unicode=options.unicode)

    yield from hanging((f"{letter}  ", "bold"), safe(side.report.name), "bold", cells)
    yield from hanging(("   ", ""), safe(side.label), "dim", cells)
    yield from hanging(("   ", ""), safe(verdict_words(side.report)), "", cells)


def _table(rows: Sequence[PairRow], cells: int, options: RenderOptions) -> Iterator[Line]:
    names = max([width("layer"), *(width(visible(row.name, unicode=options.unicode)) for row in rows)])
    name_width = min(names, max(12, cells // 3))
    columns = _fitting(rows, cells - name_width)
    widths = [_width(column, rows) for column in columns]
    heads = [
        (padded(c.head, w, right=c.head != "then"), "bold") for c, w in zip(columns, widths, strict=True)
    ]
    yield _row((padded("layer", name_width), "bold"), heads)
    yield (("─" * (name_width + sum(GAP + each for each in widths)), "dim"),)
    for row in rows if options.full else folded_pairs(rows):
        if isinstance(row, PairFold):
            yield from hanging(("", ""), _fold(row, options), "dim", cells)
            continue
        first, *rest = folded(visible(row.name, unicode=options.unicode), name_width)
        spans = [
            (padded(column.text(row), each, right=column.head != "then"), column.style(row))
            for column, each in zip(columns, widths, strict=True)
        ]
        yield _row((padded(first, name_width), ""), spans)
        yield from (((piece, ""),) for piece in rest)


def _fitting(rows: Sequence[PairRow], cells: int) -> list[_Column]:
    """The columns that fit and say something; both sides of a quantity or neither."""
    kept: list[_Column] = []
    for rank in sorted({column.rank for column in _COLUMNS}):
        alike = [column for column in _COLUMNS if column.rank == rank]
        if all(column.text(row) == NOTHING for column in alike for row in rows):
            continue
        need = sum(GAP + _width(column, rows) for column in alike)
        if rank == 0 or need <= cells:
            kept += alike
            cells -= need
    return [column for column in _COLUMNS if column in kept]


def _width(column: _Column, rows: Sequence[PairRow]) -> int:
    return max([width(column.head), *(width(column.text(row)) for row in rows)])


def _row(name: Span, cells: Sequence[Span]) -> Line:
    return [name, *(part for cell in cells for part in ((" " * GAP, ""), cell))]


def _fold(fold: PairFold, options: RenderOptions) -> str:
    first, last = (visible(name, unicode=options.unicode) for name in (fold.first, fold.last))
    return f"... {fold.count} more layers, {first} to {last}; --full shows them"


def _lost(found: Compared, options: RenderOptions, cells: int) -> Iterator[Line]:
    if found.comparison.findings.lost:
        yield from ((), (("lost by B", "bold"),))
    for severity, rule, where in lost_words(found.comparison.findings.lost):
        words = visible(f"{severity} {rule} {where}", unicode=options.unicode)
        yield from hanging(("✓ ", "green"), words, "", cells)


def _quiet(found: Compared, options: RenderOptions) -> Line:
    a, b = found.comparison.a, found.comparison.b
    word = "worse" if found.is_worse else "ok"
    flow = decades(found.comparison.log10_ratio)
    names = " → ".join(visible(side.label, unicode=options.unicode) for side in (a, b))
    style = MARKS["error"][1] if found.is_worse else "green"
    verdicts = f"  {a.report.verdict} → {b.report.verdict}  "
    return ((f"{word:<5}", style), (verdicts, ""), (f"{flow:>8}  {names}", ""))
