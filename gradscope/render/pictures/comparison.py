"""The pictures of a comparison: both gradients by depth, what changed between them, and dead units."""

from collections.abc import Callable, Iterator, Sequence

from gradscope.comparing.comparison import Comparison
from gradscope.render.compared.rows import PairRow, dead, gradient, pair_rows, saturated
from gradscope.render.compared.words import decades
from gradscope.render.pictures.picture import Bars, Line, Lines, Picture, Ticks, norms, shares
from gradscope.render.pictures.report import LEAST_DECADES
from gradscope.render.rows import Row

Read = Callable[[Row | None], float | None]


def comparison_pictures(found: Comparison) -> Iterator[Picture]:
    """What there is to draw of a comparison."""
    rows = [row for row in pair_rows(found) if _depth(row) == 0]
    names = tuple(row.name for row in rows)
    yield Lines(
        key="gradient",
        title="Gradient norm by depth",
        about="L2 norm of ∂L/∂y on both sides; a line has gaps where a network has no such layer.",
        across="layer",
        labels=names,
        ticks=norms("L2 norm"),
        lines=_sides(rows, gradient, _spread),
        least=LEAST_DECADES,
    )
    changes = tuple(row.change.output_grad for row in rows)
    if any(change is not None for change in changes):
        yield Bars(
            key="change",
            title="Change of the gradient",
            about="In powers of ten, from A to B, at the layers that both have.",
            across="layer",
            labels=names,
            ticks=Ticks("decades", decades),
            lines=(Line("B over A", changes),),
        )
    for key, title, read in (("dead", "Dead units", dead), ("saturated", "Saturated units", saturated)):
        lines = _sides(rows, read)
        # Not one share above zero is nothing to look at; a NaN is.
        if any(number for line in lines for number in line.numbers):
            yield Bars(
                key=key,
                title=title,
                about="The larger share of the layer and those without weights behind it.",
                across="layer",
                labels=names,
                ticks=shares("share"),
                lines=lines,
                most=1.0,
            )


def _depth(row: PairRow) -> int:
    return max(side.depth for side in (row.a, row.b) if side is not None)


def _spread(row: Row | None) -> float | None:
    return None if row is None else row.layer.output_grad.log10_l2_std


def _sides(rows: Sequence[PairRow], read: Read, spread: Read | None = None) -> tuple[Line, Line]:
    a, b = (
        Line(
            name,
            tuple(read(side(row)) for row in rows),
            () if spread is None else tuple(spread(side(row)) for row in rows),
        )
        for name, side in (("A", _a), ("B", _b))
    )
    return a, b


def _a(row: PairRow) -> Row | None:
    return row.a


def _b(row: PairRow) -> Row | None:
    return row.b
