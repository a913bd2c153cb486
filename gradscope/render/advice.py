"""What other tools are told of findings: messages, what explains them, remedies. Plain text, a line each."""

from collections.abc import Iterator, Sequence

from gradscope.render.characters import visible
from gradscope.render.findings import MOST_ALIKE
from gradscope.render.tried import tried_words
from gradscope.report import Report
from gradscope.rules.base import Finding


def advice(alike: Sequence[Finding], report: Report) -> str:
    """The messages of findings of one rule, the first of them, and their background."""
    lines = [visible(finding.message) for finding in alike[:MOST_ALIKE]]
    if len(alike) > MOST_ALIKE:
        lines.append(f"and {len(alike) - MOST_ALIKE} more of this rule")
    return "\n".join([*lines, *background(alike, report)])


def background(alike: Sequence[Finding], report: Report) -> Iterator[str]:
    """What explains findings of one rule, what to do about them, and what was tried."""
    yield from _causes([other for other in report.findings if other.explains == alike[0].rule])
    for remedy in dict.fromkeys(finding.remedy for finding in alike):
        yield f"remedy: {visible(remedy)}"
    tried = tried_words(report).get(alike[0].rule)
    if tried and alike[0].severity != "note":
        yield f"tried: {visible(tried)}"


def _causes(causes: Sequence[Finding]) -> Iterator[str]:
    """One line a rule: the first of its findings, and how many more there are."""
    by_rule: dict[str, list[Finding]] = {}
    for cause in causes:
        by_rule.setdefault(cause.rule, []).append(cause)
    for first, *others in by_rule.values():
        more = f" (and {len(others)} more)" if others else ""
        yield f"because of {first.rule} {first.name}: {visible(first.message)}{more}"
