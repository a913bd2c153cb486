"""The findings of a report, grouped by rule with what explains them, and the sentence of each."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from gradscope.rules.base import Finding, Severity

MOST_ALIKE = 3
"""Findings of one rule and severity that are shown before the rest is only counted; of a cause, one."""


class Group(Struct, frozen=True):
    """Findings that are told together, the most telling first, and the groups that explain them."""

    alike: tuple[Finding, ...]
    causes: "tuple[Group, ...]" = ()
    tried: str = ""
    """The best remedy and its measured effect, in words."""

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


def groups(findings: Sequence[Finding], tried: Mapping[str, str] | None = None) -> list[Group]:
    """Findings of one rule and severity together, in their order; under the first of a rule, its causes and
    what was `tried` against it."""
    remedies = dict(tried or {})
    rules = {finding.rule for finding in findings}
    causes: dict[str, list[Finding]] = {}
    others = []
    for finding in findings:
        if finding.explains in rules:
            causes.setdefault(finding.explains, []).append(finding)
        else:
            others.append(finding)
    return [
        Group(
            alike,
            tuple(map(Group, _alike(causes.pop(alike[0].rule, []), by_severity=False))),
            remedies.pop(alike[0].rule, ""),
        )
        for alike in _alike(others, by_severity=True)
    ]


def sentence(finding: Finding) -> str:
    """The message behind the layer's line in the YAML, and its name where the message does not say it."""
    line = None if finding.line is None else f"line {finding.line}"
    name = None if finding.layer is None or _names(finding.message, finding.layer) else finding.layer
    where = ", ".join(filter(None, (name, line)))
    return f"{where}: {finding.message}" if where else finding.message


def _alike(findings: Iterable[Finding], *, by_severity: bool) -> list[tuple[Finding, ...]]:
    """Findings of one rule, and where asked of one severity, together; the worst first."""
    found: dict[tuple[str, str | None], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.rule, finding.severity if by_severity else None), []).append(finding)
    return [tuple(sorted(group, key=lambda each: -Severity[each.severity])) for group in found.values()]


def _names(message: str, layer: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(layer)}(?![\w.]*\w)", message) is not None
