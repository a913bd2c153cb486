"""The findings of a report in words: grouped by rule, each with its remedy and what explains it."""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.spans import Line, hanging
from gradscope.rules.base import Finding, Severity

MOST_ALIKE = 3
"""Findings of one rule and severity that are shown before the rest is only counted; of a cause, one."""

MARKS = {"error": ("✗", "bold red"), "warning": ("▲", "yellow"), "note": ("•", "cyan")}
"""Symbol and style of each severity."""


class Group(Struct, frozen=True):
    """Findings that are told together, the most telling first, and the groups that explain them."""

    alike: tuple[Finding, ...]
    causes: "tuple[Group, ...]" = ()

    def shown(self, *, full: bool, most: int = MOST_ALIKE) -> tuple[tuple[Finding, ...], str]:
        """The findings to be shown, and the words for the others."""
        hidden = 0 if full else max(0, len(self.alike) - most)
        if not hidden:
            return self.alike, ""
        return self.alike[:most], f"and {hidden} more; --full shows them"

    @property
    def remedies(self) -> list[str]:
        """What to do, each once."""
        return [*dict.fromkeys(finding.remedy for finding in self.alike)]


def groups(findings: Sequence[Finding]) -> list[Group]:
    """Findings of one rule and severity together, in their order; under the first of a rule, its causes."""
    rules = {finding.rule for finding in findings}
    causes: dict[str, list[Finding]] = {}
    others = []
    for finding in findings:
        if finding.explains in rules:
            causes.setdefault(finding.explains, []).append(finding)
        else:
            others.append(finding)
    return [
        Group(alike, tuple(map(Group, _alike(causes.pop(alike[0].rule, []), by_severity=False))))
        for alike in _alike(others, by_severity=True)
    ]


def sentence(finding: Finding) -> str:
    """The message behind the layer's line in the YAML, and its name where the message does not say it."""
    line = None if finding.line is None else f"line {finding.line}"
    name = None if finding.layer is None or _names(finding.message, finding.layer) else finding.layer
    where = ", ".join(filter(None, (name, line)))
    return f"{where}: {finding.message}" if where else finding.message


def finding_lines(findings: Sequence[Finding], options: RenderOptions, width: int) -> Iterator[Line]:
    """A block for each group: severity and rule, the messages with their places, the remedy, the causes."""
    writer = _Writer(options, width)
    for group in groups(findings):
        first = group.alike[0]
        mark, style = MARKS[first.severity]
        yield ()
        yield ((f"{mark} {first.severity}", style), (f"  {first.rule} ", "bold"), (first.name, ""))
        yield from writer.body(group, MOST_ALIKE, "  ")
        if group.causes:
            yield (("  because", "bold"),)
        for cause in group.causes:
            first = cause.alike[0]
            mark, style = MARKS[first.severity]
            yield ((f"  {mark} ", style), (f"{first.rule} ", "bold"), (first.name, ""))
            yield from writer.body(cause, 1, "    ")


class _Writer:
    """Writes messages and remedies, a remedy that was given before only as such."""

    def __init__(self, options: RenderOptions, width: int) -> None:
        self._options = options
        self._width = width
        self._given: set[str] = set()

    def body(self, group: Group, most: int, indent: str) -> Iterator[Line]:
        alike, others = group.shown(full=self._options.full, most=most)
        for finding in alike:
            yield from self._paragraph(indent, sentence(finding))
        if others:
            yield ((indent + others, "dim"),)
        for remedy in group.remedies:
            yield from self._paragraph(f"{indent}→ ", "as above" if remedy in self._given else remedy)
            self._given.add(remedy)

    def _paragraph(self, mark: str, text: str) -> Iterator[Line]:
        return hanging((mark, "green"), visible(text, unicode=self._options.unicode), "", self._width)


def _alike(findings: Iterable[Finding], *, by_severity: bool) -> list[tuple[Finding, ...]]:
    """Findings of one rule, and where asked of one severity, together; the worst first."""
    found: dict[tuple[str, str | None], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.rule, finding.severity if by_severity else None), []).append(finding)
    return [tuple(sorted(group, key=lambda each: -Severity[each.severity])) for group in found.values()]


def _names(message: str, layer: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(layer)}(?![\w.]*\w)", message) is not None
