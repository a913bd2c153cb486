"""The summary of a sweep for a person at a terminal: a table an axis, the map, best and worst points."""

from collections.abc import Iterable, Iterator, Sequence

from gradscope.numerals import count
from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint
from gradscope.render.quantities import NOTHING, ratio, share, value
from gradscope.render.spans import Line, Span, hanging, padded, width
from gradscope.render.sweep_map import cut, map_lines
from gradscope.render.sweep_totals import totals
from gradscope.render.verdicts import MARKS
from gradscope.sweeping.summary import AxisSummary, FailureSummary, PointSummary, Summary, ValueSummary

LEAST_WIDTH = 40
MOST_PROSE = 100
GAP = 2
LEAST_LABEL, MOST_LABEL = 8, 28
SHORT_HEAD = 4
"""Letters of a head where whole words do not fit."""

STYLES = {
    "healthy": "green",
    "warning": "yellow",
    "saturated": "cyan",
    "dead": "magenta",
    "vanishing": "blue",
    "exploding": "red",
    "non_finite": "bold red",
    "failed": "bold",
}
"""Of a verdict's share in a table."""


def render(summary: Summary, options: RenderOptions) -> str:
    """The whole summary, or with `quiet` its totals."""
    if options.quiet:
        return paint([_totals(summary, options)], options)
    return paint(_page(summary, options, max(LEAST_WIDTH, options.width)), options)


def _page(summary: Summary, options: RenderOptions, cells: int) -> Iterator[Line]:
    prose = min(cells, MOST_PROSE)
    title = _totals(summary, options)
    if sum(width(text) for text, _ in title) <= prose:
        yield title
    else:
        for text, style in title:
            yield from hanging(("", ""), text, style, prose)
    if summary.other_sweeps:
        words = f"{count(summary.other_sweeps, 'other sweep')} in the same file; this is the one used last"
        yield from hanging(("", ""), words, "dim", prose)
    for axis in summary.axes:
        yield ()
        yield from _axis_lines(axis, options, cells)
    if summary.map is not None:
        yield ()
        yield from map_lines(summary.map, options, cells)
    for heading, points in (("best", summary.best), ("worst", summary.worst)):
        if points:
            yield ()
            yield ((heading, "bold"),)
            for point in points:
                yield from _point_lines(point, options, prose)
    if summary.failures:
        yield ()
        yield from _failure_lines(summary, options, prose)


def _totals(summary: Summary, options: RenderOptions) -> tuple[Span, Span]:
    return ((visible(summary.name, unicode=options.unicode), "bold"), (f"  {totals(summary)}", ""))


def _axis_lines(axis: AxisSummary, options: RenderOptions, cells: int) -> Iterator[Line]:
    """A row a value: how many points, the share of each verdict, the median gain."""

    def safe(text: str, most: int) -> str:
        return cut(visible(text, unicode=options.unicode), most)

    rows = [_cells(row, words := _words(axis)) for row in axis.values]
    heads = ["points", *(word.replace("_", "-") for word in words), "gain per layer"]
    gap = GAP
    if LEAST_LABEL + sum(len(head) + gap for head in heads) > cells:
        heads, gap = ["pts", *(head[:SHORT_HEAD] for head in heads[1:])], 1
    columns = [
        max([len(head), *(width(row[number][0]) for row in rows)]) for number, head in enumerate(heads)
    ]
    most = max(LEAST_LABEL, min(MOST_LABEL, cells - sum(column + gap for column in columns)))
    labels = [safe(row.value, most) for row in axis.values]
    label_width = max(map(width, [safe(axis.name, most), *labels]))

    def line(label: Span, entries: Iterable[Span]) -> Line:
        padded_entries = (
            (" " * gap + padded(text, column, right=True), style)
            for column, (text, style) in zip(columns, entries, strict=True)
        )
        return [(padded(label[0], label_width), label[1]), *padded_entries]

    yield line((safe(axis.name, most), "bold"), [(head, "bold") for head in heads])
    yield (("─" * min(cells, label_width + sum(column + gap for column in columns)), "dim"),)
    for label, row in zip(labels, rows, strict=True):
        yield line((label, ""), row)


def _words(axis: AxisSummary) -> list[str]:
    return [word for word in MARKS if any(word in row.verdicts for row in axis.values)]


def _cells(row: ValueSummary, words: Iterable[str]) -> list[Span]:
    found: list[Span] = [(f"{row.points:,}" if row.points else NOTHING, "")]
    for word in words:
        number = row.verdicts.get(word, 0)
        found.append((share(number / row.points), STYLES[word]) if number else (NOTHING, "dim"))
    return [*found, (value(row.median_gain), "")]


def _point_lines(point: PointSummary, options: RenderOptions, cells: int) -> Iterator[Line]:
    facts = f"first/last {NOTHING if point.log10_ratio is None else ratio(point.log10_ratio)}"
    if point.gain_per_layer is not None:
        facts += f", gain per layer {value(point.gain_per_layer)}"
    word = padded(point.verdict.replace("_", "-"), 10)
    yield from hanging((f"  {word}  ", STYLES[point.verdict]), facts, "", cells)
    yield from _command(point.command, options)


def _failure_lines(summary: Summary, options: RenderOptions, cells: int) -> Iterator[Line]:
    failed = summary.verdicts.get("failed", 0)
    yield ((f"{count(failed, 'point')} failed", "bold red"),)
    for failure in summary.failures:
        yield from _failure(failure, options, cells)
    hidden = summary.kinds_of_failures - len(summary.failures)
    if hidden:
        words = f"and {count(hidden, 'other reason')}; --export has all of them"
        yield from hanging(("  ", ""), words, "dim", cells)
    yield from hanging(("  → ", "green"), "--retry-failed computes them again", "", cells)


def _failure(failure: FailureSummary, options: RenderOptions, cells: int) -> Iterator[Line]:
    words = visible(failure.error, unicode=options.unicode)
    yield from hanging((f"  {failure.points:,} x ", "bold"), words, "", cells)
    yield from _command(failure.command, options)


def _command(command: str, options: RenderOptions) -> Sequence[Line]:
    """On one line however long: it is there to be copied."""
    return [(("    $ ", "dim"), (visible(command, unicode=options.unicode), "dim"))]
