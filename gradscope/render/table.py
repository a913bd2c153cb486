"""The report for a person at a terminal: heading, a row for each layer, the flow, the findings, the verdict."""

import math
from collections import Counter
from collections.abc import Iterator

from gradscope.render.characters import visible
from gradscope.render.findings import MARKS, finding_lines
from gradscope.render.layout import Layout, layout_of, table_lines
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.render.paint import paint
from gradscope.render.quantities import count, norm, ratio, value
from gradscope.render.rows import rows_of
from gradscope.render.spans import Line, hanging, padded, wrapped
from gradscope.report import Report

LEAST_WIDTH = 40
MOST_DESCRIPTION = 3
"""Lines of a description that are shown without --verbose."""
_LABEL = 9
"""Cells of the words before the lines below the table."""

_GOOD = ("✓", "bold green")


def render(outcome: Outcome, options: RenderOptions) -> str:
    """One page a report, or with `quiet` one line."""
    if options.quiet:
        return paint((_quiet_line(report, options) for report in outcome.reports), options)
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
    yield from _heading(report, options, width)
    yield ()
    yield from table_lines(rows, layout, options)
    yield ()
    yield from _flow_lines(report, width)
    yield from finding_lines(report.findings, options, width)
    if options.verbose:
        yield from _legend(report, layout, width)
    yield ()
    yield from _verdict_lines(report, width)


def _heading(report: Report, options: RenderOptions, width: int) -> Iterator[Line]:
    name = visible(report.name, unicode=options.unicode)
    source = visible(report.source, unicode=options.unicode)
    yield from hanging(("", ""), name, "bold", width)
    weighted = sum(layer.weight_grad is not None for layer in report.layers)
    facts = (
        count(weighted, "weighted layer"),
        count(report.parameters, "parameter"),
        _batch(report),
        count(report.trials, "trial"),
        f"seed {report.seed}",
        report.dtype,
        source,
    )
    yield from hanging(("", ""), " · ".join(facts), "", width)
    description = wrapped(visible(" ".join((report.description or "").split()), unicode=options.unicode), width)
    if len(description) > MOST_DESCRIPTION and not options.verbose:
        description = [*description[: MOST_DESCRIPTION - 1], description[MOST_DESCRIPTION - 1][: width - 4] + " ..."]
    yield from (((line, "dim"),) for line in description)


def _batch(report: Report) -> str:
    several = f" x {report.batch_count}" if report.batch_count > 1 else ""
    return f"batch {report.batch_size}{several}"


def _reference(report: Report) -> float:
    points = [layer for layer in report.layers if layer.flow_point] or report.layers
    return points[-1].output_grad.log10_l2 if points else math.nan


def _flow_lines(report: Report, width: int) -> Iterator[Line]:
    flow = report.flow
    parts = [f"first/last gradient {ratio(flow.log10_ratio)}"]
    if flow.gain_per_layer is not None:
        straight = "" if flow.r2 is None else f" (r² {value(flow.r2)})"
        parts.append(f"gain per layer {value(flow.gain_per_layer)}{straight}")
    parts.append(f"risk {value(flow.risk)}")
    yield from hanging((padded("flow", _LABEL), "bold"), " · ".join(parts), "", width)
    if report.loss.mean is not None:
        expected = "" if report.loss.expected is None else f" · {value(report.loss.expected)} from an output that knows nothing"
        yield from hanging((padded("loss", _LABEL), "bold"), value(report.loss.mean) + expected, "", width)


def _legend(report: Report, layout: Layout, width: int) -> Iterator[Line]:
    """What the columns shown mean, and what made the numbers."""
    yield ()
    for column in layout.columns:
        yield from hanging((padded(column.head, _LABEL), "bold"), column.meaning, "dim", width)
    risk = "|log10 of first/last| / 3: beyond 1, no network was seen to train with plain SGD"
    yield from hanging((padded("risk", _LABEL), "bold"), risk, "dim", width)
    made = f"gradscope {report.gradscope_version}, {report.wall_seconds:.2f} s, config {report.config_sha256[:12]}"
    yield from hanging((padded("made by", _LABEL), "bold"), made, "dim", width)


def _verdict_lines(report: Report, width: int) -> Iterator[Line]:
    mark, style = _verdict_mark(report)
    found = Counter(finding.severity for finding in report.findings)
    words = ", ".join(count(found[severity], severity) for severity in MARKS if found[severity])
    yield from hanging((padded("verdict", _LABEL), "bold"), f"{mark} {report.verdict}", style, width)


def _quiet_line(report: Report, options: RenderOptions) -> Line:
    mark, style = _verdict_mark(report)
    return (
        (f"{mark} {report.verdict:<11}", style),
        (f" {norm(report.flow.log10_ratio):>8}  ", ""),
        (visible(report.name, unicode=options.unicode), ""),
    )


def _verdict_mark(report: Report) -> tuple[str, str]:
    return {"healthy": _GOOD, "warning": MARKS["warning"]}.get(report.verdict, MARKS["error"])
