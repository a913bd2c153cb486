"""Many configs for a person at a terminal: a line for each, below it one for each finding, then the sum."""

from collections.abc import Iterable, Iterator

from gradscope.errors import Place
from gradscope.render.blocks import MARKS
from gradscope.render.characters import visible
from gradscope.render.findings import groups
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Failure, Outcome
from gradscope.render.paint import paint
from gradscope.render.quantities import norm
from gradscope.render.spans import Line, padded, width
from gradscope.render.tally import config_words, finding_words, passes, report_words, shown_findings
from gradscope.render.tried import tried_words
from gradscope.report import Report
from gradscope.rules.base import Finding

MOST_FIXED = 5
"""Findings of a baseline that are gone and named; the rest are counted."""
_WIDEST_SOURCE = 60
_VERDICT_WIDTH = len("non_finite")


def render(outcome: Outcome, options: RenderOptions) -> str:
    """A block a config, or with `quiet` its first line alone; findings stand behind `file:line:column`."""
    return paint(_lines(outcome, options), options)


def _lines(outcome: Outcome, options: RenderOptions) -> Iterator[Line]:
    sources = [_safe(result.source, options) for result in outcome.results]
    column = min(_WIDEST_SOURCE, max(map(width, sources), default=0))
    told = False
    for result, source in zip(outcome.results, sources, strict=True):
        name = padded(source, max(column, width(source)))
        if isinstance(result, Failure):
            head, below = _broken_head(result, name), [*_problems(result, options)]
        else:
            head, below = _head(result, name, outcome), [*_findings(result, options)]
            told = told or bool(below)
        yield head
        yield from () if options.quiet else below
    if not options.quiet:
        yield from _end(outcome, told, options)


def _head(report: Report, name: str, outcome: Outcome) -> Line:
    mark, style = _mark(report, outcome)
    return (
        (f"{mark} {report.verdict:<{_VERDICT_WIDTH}}", style),
        (f"  {name}", "bold"),
        (f"  {norm(report.flow.log10_ratio):>8}", ""),
        (f"  {report_words(report)}", "dim"),
    )


def _mark(report: Report, outcome: Outcome) -> tuple[str, str]:
    """✗ for what fails the call, ▲ for what only looks bad."""
    if not passes(report, outcome):
        return MARKS["error"]
    return ("✓", "bold green") if report.verdict == "healthy" else MARKS["warning"]


def _broken_head(failure: Failure, name: str) -> Line:
    mark, style = MARKS["error"]
    return ((f"{mark} {failure.word:<{_VERDICT_WIDTH}}", style), (f"  {name}", "bold"))


def _problems(failure: Failure, options: RenderOptions) -> Iterator[Line]:
    for problem in failure.problems:
        yield ((f"  {_safe(str(problem), options)}", ""),)


def _findings(report: Report, options: RenderOptions) -> Iterator[Line]:
    for group in groups(shown_findings(report, full=options.full), tried_words(report)):
        alike, others = group.shown(full=options.full)
        yield from (_finding(report, finding, "  ", options) for finding in alike)
        yield from _others(others, "  ")
        if group.tried:
            yield (("    tried ", "bold"), (_safe(group.tried, options), "green"))
        for cause in group.causes:
            alike, others = cause.shown(full=options.full, most=1)
            yield from (_finding(report, finding, "    ", options) for finding in alike)
            yield from _others(others, "    ")


def _finding(report: Report, finding: Finding, indent: str, options: RenderOptions) -> Line:
    place = str(Place(report.source, finding.line, finding.column))
    style = MARKS[finding.severity][1]
    why = f", explains {finding.explains}" if finding.explains else ""
    known = ", known" if finding.known else ""
    return (
        (indent + _safe(place, options), ""),
        (f" {finding.rule} ", "bold"),
        (f"{finding.name} ", ""),
        (finding.severity, style),
        (f"{why}{known}: {_safe(finding.message, options)}", ""),
    )


def _others(words: str, indent: str) -> Iterator[Line]:
    if words:
        yield ((indent + words, "dim"),)


def _end(outcome: Outcome, told: bool, options: RenderOptions) -> Iterator[Line]:
    yield ()
    yield from _fixed(outcome, options)
    yield ((config_words(outcome), "bold"), ("; ".join(["", *_findings_of(outcome)]), ""))
    if told:
        yield (
            (
                "`gradscope explain RULE` says why, `gradscope run FILE` shows every layer",
                "dim",
            ),
        )


def _findings_of(outcome: Outcome) -> Iterable[str]:
    words = finding_words(outcome)
    return [words] if words else []


def _fixed(outcome: Outcome, options: RenderOptions) -> Iterator[Line]:
    fixed = outcome.fixed or ()
    shown = fixed if options.full else fixed[:MOST_FIXED]
    for entry in shown:
        where = "" if entry.layer is None else f" at {entry.layer}"
        yield ((f"fixed: {_safe(entry.config, options)} {entry.rule}{where}", "green"),)
    yield from _others(f"and {len(fixed) - len(shown)} more" if len(fixed) > len(shown) else "", "")


def _safe(text: str, options: RenderOptions) -> str:
    return visible(text, unicode=options.unicode)
