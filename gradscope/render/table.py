"""The report for a person at a terminal: heading, rows of layers, the flow, the findings, the verdict."""

import math
from collections.abc import Iterator

from gradscope.render.blocks import MARKS, finding_lines
from gradscope.render.characters import legend, visible
from gradscope.render.headline import facts, flow_facts, verdict_words
from gradscope.render.layout import Layout, layout_of, table_lines
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.render.paint import paint
from gradscope.render.quantities import norm
from gradscope.render.rows import rows_of
from gradscope.render.spans import Line, hanging, padded, wrapped
from gradscope.render.spans import width as cells
from gradscope.render.tried import fix_words, tried_words
from gradscope.report import Report

LEAST_WIDTH = 40
MOST_PROSE = 100
"""Cells of a line of words; longer ones are hard to read on the widest terminal."""
MOST_DESCRIPTION = 5
"""Lines of a description that are shown without --verbose."""
_LABEL = 9
"""Cells of the words in front of the lines below the table."""


def render(outcome: Outcome, options: RenderOptions) -> str:
    """One page a report, or with `quiet` one line."""
    if options.quiet:
        ratios = ((report, norm(report.flow.log10_ratio)) for report in outcome.reports)
        return paint((quiet_line(report, f"{words:>8}", options) for report, words in ratios), options)
    return paint(_pages(outcome, options), options)


def _pages(outcome: Outcome, options: RenderOptions) -> Iterator[Line]:
    width = max(LEAST_WIDTH, options.width)
    for number, report in enumerate(outcome.reports):
        if number:
            yield from ((), (("─" * width, "dim"),), ())
        yield from _page(report, options, width)


def _page(report: Report, options: RenderOptions, width: int) -> Iterator[Line]:
    rows = rows_of(report, all_layers=options.all_layers)
    layout = layout_of(rows, _reference(report), width, options)
    prose = min(width, MOST_PROSE)
    yield from heading(report, options, prose)
    yield ()
    yield from table_lines(rows, layout, options)
    yield ()
    for label, words in flow_facts(report):
        yield from labelled(label, words, "", prose)
    yield from finding_lines(report.findings, options, prose, tried_words(report))
    if options.verbose:
        yield ()
        yield from _legend(report, layout, options, prose)
    yield ()
    mark, style = verdict_mark(report)
    yield from labelled("verdict", f"{mark} {verdict_words(report)}", style, prose)
    if (fix := fix_words(report)) is not None:
        yield from labelled("fix", visible(fix, unicode=options.unicode), "", prose)


def heading(report: Report, options: RenderOptions, width: int) -> Iterator[Line]:
    """Name, source, what was run, and the description."""

    def safe(text: str) -> str:
        return visible(text, unicode=options.unicode)

    name, source = safe(report.name), safe(report.source)
    if cells(name) + 2 + cells(source) <= width:
        yield ((name, "bold"), (f"  {source}", "dim"))
    else:
        yield from (*hanging(("", ""), name, "bold", width), *hanging(("", ""), source, "dim", width))
    yield from hanging(("", ""), ", ".join(map(safe, facts(report))), "", width)
    description = wrapped(safe(" ".join((report.description or "").split())), width)
    if len(description) > MOST_DESCRIPTION and not options.verbose:
        # Cut rather than dropped: what to look for stands first. The whole text is a --verbose away.
        kept = description[: MOST_DESCRIPTION - 1]
        description = [*kept, wrapped(description[MOST_DESCRIPTION - 1], width - 4)[0] + " ..."]
    yield from (((line, "dim"),) for line in description)


def _reference(report: Report) -> float:
    """What the colours of the gradients are measured against: log10 L2 at the last flow point."""
    points = [layer for layer in report.layers if layer.flow_point] or report.layers
    return points[-1].output_grad.log10_l2 if points else math.nan


def labelled(label: str, words: str, style: str, width: int) -> Iterator[Line]:
    """Words behind a label in bold."""
    return hanging((padded(label, _LABEL), "bold"), words, style, width)


def _legend(report: Report, layout: Layout, options: RenderOptions, width: int) -> Iterator[Line]:
    """What the columns shown mean, and what made the numbers."""
    meanings = [(column.head, column.meaning) for column in layout.columns]
    meanings += [
        ("gain", "factor on the gradient at each flow point, going towards the input"),
        ("risk", "|log10 of first/last| / 3: beyond 1 no network was seen to train with plain SGD"),
        ("made by", f"gradscope {report.gradscope_version} in {report.wall_seconds:.2f} s"),
        ("config", f"sha256 {report.config_sha256}"),
    ]
    for label, meaning in meanings:
        yield from labelled(label, legend(meaning, unicode=options.unicode), "dim", width)


def quiet_line(report: Report, words: str, options: RenderOptions) -> Line:
    """A report on one line: its verdict, some words, its name."""
    mark, style = verdict_mark(report)
    return (
        (f"{mark} {report.verdict:<10}", style),
        (f"  {words}  ", ""),
        (visible(report.name, unicode=options.unicode), ""),
    )


def verdict_mark(report: Report) -> tuple[str, str]:
    """Symbol and style of the verdict."""
    marks = {"healthy": ("✓", "bold green"), "warning": ("▲", "bold yellow")}
    return marks.get(report.verdict, MARKS["error"])
