"""Which layers make a row of a comparison, what each side says in it, and the rows that are folded."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from gradscope.comparing.comparison import Change, Comparison, LayerPair
from gradscope.probe.summary import LayerSummary
from gradscope.render.quantities import largest
from gradscope.render.rows import Row, rows_of

ENDS = 8
"""Rows kept at either end of a long table."""
LEAST_FOLDED = 4


class PairRow(Struct, frozen=True):
    """A layer with a row of its own, on both sides or on one."""

    name: str
    a: Row | None
    b: Row | None
    change: Change


class PairFold(Struct, frozen=True):
    """Stands for rows that are not shown."""

    count: int
    first: str
    last: str


def pair_rows(found: Comparison) -> tuple[PairRow, ...]:
    """The rows of both tables, aligned by the names of their layers."""
    before = {row.layer.name: row for row in rows_of(found.a.report)}
    after = {row.layer.name: row for row in rows_of(found.b.report)}
    shown = before.keys() | after.keys()
    return tuple(_pair_row(pair, before, after) for pair in found.layers if pair.name in shown)


def _pair_row(pair: LayerPair, before: dict[str, Row], after: dict[str, Row]) -> PairRow:
    return PairRow(pair.name, before.get(pair.name), after.get(pair.name), pair.change)


def folded_pairs(rows: Sequence[PairRow]) -> Iterator[PairRow | PairFold]:
    """The rows at both ends, and a fold for the others."""
    hidden = rows[ENDS : len(rows) - ENDS]
    if len(rows) < 2 * ENDS + LEAST_FOLDED:
        yield from rows
        return
    yield from rows[:ENDS]
    yield PairFold(len(hidden), hidden[0].name, hidden[-1].name)
    yield from rows[len(rows) - ENDS :]


def gradient(row: Row | None) -> float | None:
    """log10 L2 of the gradient at the layer's output."""
    return None if row is None else row.layer.output_grad.log10_l2


def dead(row: Row | None) -> float | None:
    """The largest dead share of the layer and those behind it; a NaN counts as the largest."""
    return _largest(row, lambda layer: layer.dead_fraction)


def saturated(row: Row | None) -> float | None:
    """The largest saturated share, likewise."""
    return _largest(row, lambda layer: layer.saturated_fraction)


def _largest(row: Row | None, read: Callable[[LayerSummary], float | None]) -> float | None:
    return None if row is None else largest(read(layer) for layer in (row.layer, *row.behind))
