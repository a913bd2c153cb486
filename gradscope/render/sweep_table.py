"""The summary of a sweep for a person at a terminal: a table an axis, the map, best and worst points."""

from collections.abc import Iterator, Sequence

from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint
from gradscope.render.quantities import NOTHING, count, ratio, share, value
from gradscope.render.spans import Line, Span, hanging, padded, width
from gradscope.render.sweep_map import cut, map_lines
from gradscope.render.verdicts import MARKS
from gradscope.sweeping.summary import AxisSummary, FailureSummary, PointSummary, Summary

LEAST_WIDTH = 40
MOST_PROSE = 100
GAP = 2
MOST_LABEL = 28

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
    yield _totals(summary, options)
    if summary.other_sweeps:
        words = f"{count(summary.other_sweeps, 'other sweep')} in the same file; this is the one used last"
        yield from hanging(("", ""), words, "dim", prose)
    for axis in summary.axes:
        yield ()
        yield from _axis_lines(axis, options, cells)
    if summary.map is not None:
        yield ()
        yield from map_lines(summary.map, options, cells)
    for title, points in (("best", summary.best), ("worst", summary.worst)):
        if points:
            yield ()
            yield ((title, "bold"),)
            for point in points:
                yield from _point_lines(point, options, prose)
    if summary.failures:
        yield ()
        yield from _failure_lines(summary, options, prose)


def totals(summary: Summary) -> str:
    """How many points there are, and of which kinds."""
    points = f"{summary.points:,} of {count(summary.most, 'point')}"
    if summary.points == summary.most:
        points = count(summary.most, "point")
    kinds = [f"{number:,} {word.replace('_', '-')}" for word, number in summary.verdicts.items()]
    return f"{points}: {', '.join(kinds)}" if kinds else points


def _totals(summary: Summary, options: RenderOptions) -> Line:
    return ((visible(summary.name, unicode=options.unicode), "bold"), (f"  {totals(summary)}", ""))


def _axis_lines(axis: AxisSummary, options: RenderOptions, cells: int) -> Iterator[Line]:
    """A row a value: how many points, the share of each verdict, the median gain."""
    words = [word for word in MARKS if any(word in row.verdicts for row in axis.values)]
    heads = ["points", *(word.replace("_", "-") for word in words), "gain per layer"]
    most = max(8, min(MOST_LABEL, cells - sum(len(head) + GAP for head in heads)))
    name = cut(visible(axis.name, unicode=options.unicode), most)
    labels = [cut(visible(row.value, unicode=options.unicode), most) for row in axis.values]
    label_width = max(map(width, [name, *labels]))
    yield [(padded(name, label_width), "bold"), *((" " * GAP + head, "bold") for head in heads)]
    yield (("─" * min(cells, label_width + sum(len(head) + GAP for head in heads)), "dim"),)
    for label, row in zip(labels, axis.values, strict=True):
        texts: list[Span] = [(f"{row.points:,}" if row.points else NOTHING, "")]
        for word in words:
            number = row.verdicts.get(word, 0)
            texts.append((share(number / row.points), STYLES[word]) if number else (NOTHING, "dim"))
        texts.append((value(row.median_gain), ""))
        yield [
            (padded(label, label_width), ""),
            *(
                (" " * GAP + padded(text, len(head), right=True), style)
                for head, (text, style) in zip(heads, texts, strict=True)
            ),
        ]


def _point_lines(point: PointSummary, options: RenderOptions, cells: int) -> Iterator[Line]:
    facts = f"first/last {NOTHING if point.log10_ratio is None else ratio(point.log10_ratio)}"
    if point.gain_per_layer is not None:
        facts += f", gain per layer {value(point.gain_per_layer)}"
    word = padded(point.verdict.replace("_", "-"), 10)
    yield (("  ", ""), (word, STYLES[point.verdict]), (f"  {facts}", ""))
    yield from _command(point.command, options)


def _failure_lines(summary: Summary, options: RenderOptions, cells: int) -> Iterator[Line]:
    failed = summary.verdicts.get("failed", 0)
    yield ((f"{count(failed, 'point')} failed", "bold red"),)
    for failure in summary.failures:
        yield from _failure(failure, options, cells)
    hidden = summary.kinds_of_failures - len(summary.failures)
    if hidden:
        yield ((f"  and {count(hidden, 'other reason')}; --export has all of them", "dim"),)
    yield from hanging(("  → ", "green"), "--retry-failed computes them again", "", cells)


def _failure(failure: FailureSummary, options: RenderOptions, cells: int) -> Iterator[Line]:
    words = visible(failure.error, unicode=options.unicode)
    yield from hanging((f"  {failure.points:,} x ", "bold"), words, "", cells)
    yield from _command(failure.command, options)


def _command(command: str, options: RenderOptions) -> Sequence[Line]:
    """On one line however long: it is there to be copied."""
    return [(("    $ ", "dim"), (visible(command, unicode=options.unicode), "dim"))]
