"""The summary of a sweep as GitHub-flavoured Markdown."""

from collections.abc import Iterable, Iterator

from gradscope.numerals import count
from gradscope.render.markdown import escaped
from gradscope.render.options import RenderOptions
from gradscope.render.quantities import NOTHING, ratio, share, value
from gradscope.render.sweep_totals import totals
from gradscope.render.verdicts import MARKS
from gradscope.sweeping.summary import AxisSummary, MapSummary, PointSummary, Summary


def render(summary: Summary, options: RenderOptions) -> str:
    """Headings, a table an axis, the map as a table of letters; in UTF-8 whatever the terminal."""
    return "".join(f"{line}\n" for line in _lines(summary, options))


def _lines(summary: Summary, options: RenderOptions) -> Iterator[str]:
    yield from (f"## {escaped(summary.name)}", "", escaped(totals(summary)))
    if options.quiet:
        return
    for axis in summary.axes:
        yield ""
        yield from _axis(axis)
    if summary.map is not None:
        yield ""
        yield from _map(summary.map)
    for title, points in (("Best", summary.best), ("Worst", summary.worst)):
        if points:
            yield from ("", f"### {title}", "", *map(_point, points))
    if summary.failures:
        yield from ("", "### Failed", "")
        for failure in summary.failures:
            yield f"- {count(failure.points, 'point')}: {escaped(failure.error)}  "
            yield f"  {_code(failure.command)}"


def _axis(axis: AxisSummary) -> Iterator[str]:
    words = [word for word in MARKS if any(word in row.verdicts for row in axis.values)]
    heads = [axis.name, "points", *(word.replace("_", "-") for word in words), "gain per layer"]
    yield from _table(heads)
    for row in axis.values:
        shares = [
            share(row.verdicts[word] / row.points) if word in row.verdicts else NOTHING for word in words
        ]
        yield _row([row.value, str(row.points), *shares, value(row.median_gain)])


def _map(found: MapSummary) -> Iterator[str]:
    yield from _table([f"{found.row_axis} \\ {found.column_axis}", *found.columns])
    for label, row in zip(found.rows, found.cells, strict=True):
        yield _row([label, *("" if word is None else word.replace("_", "-") for word in row)])


def _point(point: PointSummary) -> str:
    flow = NOTHING if point.log10_ratio is None else ratio(point.log10_ratio)
    facts = f"{point.verdict.replace('_', '-')}, first/last {flow}"
    return f"- {escaped(facts)}: {_code(point.command)}"


def _code(text: str) -> str:
    """As code; behind two backticks, because one may be in it."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _table(heads: Iterable[str]) -> Iterator[str]:
    heads = [*heads]
    yield _row(heads)
    yield _row(["---"] + ["---:"] * (len(heads) - 1), plain=True)


def _row(cells: Iterable[str], *, plain: bool = False) -> str:
    return f"| {' | '.join(cells if plain else map(escaped, cells))} |"
