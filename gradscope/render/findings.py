"""The findings of a report in words: grouped by rule, worst first as they come, each with its remedy."""

from collections.abc import Iterator, Sequence

from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.spans import Line, hanging
from gradscope.rules.base import Finding

MOST_ALIKE = 3
"""Findings of one rule and severity that are shown before the rest is only counted."""

MARKS = {"error": ("✗", "bold red"), "warning": ("▲", "yellow"), "note": ("•", "cyan")}
"""Symbol and style of each severity."""


def groups(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings of one rule and severity together, in the order in which the first of each comes."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.rule, finding.severity), []).append(finding)
    return list(found.values())


def shown(group: Sequence[Finding], *, full: bool) -> tuple[Sequence[Finding], str]:
    """The findings of a group to be shown, and the words for the others."""
    rest = group[MOST_ALIKE:]
    if full or len(rest) < 2:
        return group, ""
    return group[:MOST_ALIKE], f"and {len(rest)} more, {rest[0].layer} to {rest[-1].layer}; --full shows them"


def sentence(finding: Finding) -> str:
    """The message behind the layer's line in the YAML, and its name where the message does not say it."""
    line = None if finding.line is None else f"line {finding.line}"
    name = None if finding.layer is None or finding.layer in finding.message else finding.layer
    where = ", ".join(filter(None, (name, line)))
    return f"{where}: {finding.message}" if where else finding.message


def finding_lines(findings: Sequence[Finding], options: RenderOptions, width: int) -> Iterator[Line]:
    """A block for each group: severity and rule, the messages with their places, the remedy."""
    advised: set[str] = set()
    for group in groups(findings):
        yield ()
        yield from _block(group, advised, options, width)


def _block(group: Sequence[Finding], advised: set[str], options: RenderOptions, width: int) -> Iterator[Line]:
    def safe(text: str) -> str:
        return visible(text, unicode=options.unicode)

    first = group[0]
    mark, style = MARKS[first.severity]
    yield ((f"{mark} {first.severity}", style), (f"  {first.rule} ", "bold"), (first.name, ""))
    alike, others = shown(group, full=options.full)
    for finding in alike:
        yield from hanging(("  ", ""), safe(sentence(finding)), "", width)
    if others:
        yield from hanging(("  ", ""), safe(others), "dim", width)
    for remedy in dict.fromkeys(finding.remedy for finding in alike):
        yield from hanging(("  → ", "green"), "as above" if remedy in advised else safe(remedy), "", width)
        advised.add(remedy)
