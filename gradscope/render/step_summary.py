"""Many configs as GitHub-flavoured Markdown, for a step summary: a table of verdicts, then the findings."""

from collections.abc import Iterator

from gradscope.numerals import count
from gradscope.render.findings import groups
from gradscope.render.markdown import escaped, finding_items, problem_items
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Failure, Outcome
from gradscope.render.quantities import norm
from gradscope.render.tally import config_words, finding_words, passes, report_words, shown_findings
from gradscope.render.tried import tried_words
from gradscope.report import Report


def render(outcome: Outcome, options: RenderOptions) -> str:
    """The sum, a row a config and, unless `quiet`, every finding with its remedy."""
    return "".join(f"{line}\n" for line in _lines(outcome, options))


def _lines(outcome: Outcome, options: RenderOptions) -> Iterator[str]:
    yield f"## gradscope: {config_words(outcome)}"
    words = finding_words(outcome)
    yield from ("", words) if words else ()
    yield from ("", "| | config | verdict | first/last | findings |", "|---|---|---|---:|---|")
    for result in outcome.results:
        yield _row(result, outcome)
    if options.quiet:
        return
    for result in outcome.results:
        items = [*_items(result, options)]
        if items:
            yield from ("", f"### {escaped(result.source)}", "", *items)
    for entry in outcome.fixed or ():
        layer = "" if entry.layer is None else f" at {entry.layer}"
        yield from ("", f"- fixed: {escaped(f'{entry.config} {entry.rule}{layer}')}")


def _row(result: Report | Failure, outcome: Outcome) -> str:
    source = escaped(result.source)
    if isinstance(result, Failure):
        return f"| ❌ | {source} | {result.word} | | {count(len(result.problems), 'mistake')} |"
    mark = ("✅" if result.verdict == "healthy" else "⚠️") if passes(result, outcome) else "❌"
    ratio = norm(result.flow.log10_ratio)
    return f"| {mark} | {source} | {escaped(result.verdict)} | {ratio} | {report_words(result)} |"


def _items(result: Report | Failure, options: RenderOptions) -> Iterator[str]:
    if isinstance(result, Failure):
        yield from problem_items(result)
        return
    for group in groups(shown_findings(result, full=options.full), tried_words(result)):
        yield from finding_items(group, options)
