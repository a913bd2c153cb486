"""Findings of two reports: which B gained, which it lost, and which rules judged only one of them."""

from collections.abc import Iterable

from msgspec import Struct

from gradscope.report import Report
from gradscope.rules import RULES
from gradscope.rules.base import Finding, Severity

Key = tuple[str, str | None]
"""Rule, and the layer where the rule judges layers apart."""


class FindingChanges(Struct, frozen=True):
    """From A to B. What both have, equally bad, is in neither list."""

    gained: tuple[Finding, ...]
    """B has them, and A has not, or less bad."""
    lost: tuple[Finding, ...]
    """A has them, and B has not, or less bad."""
    unjudged: tuple[str, ...]
    """Rules that judged one of both only; nothing is said of them."""


def finding_changes(a: Report, b: Report) -> FindingChanges:
    """What B gained and lost. The network's own findings are told apart by rule, those of layers by layer."""
    # An empty list says that nothing is known of what was judged.
    unjudged = set(a.judged) ^ set(b.judged) if a.judged and b.judged else set()
    before = [finding for finding in a.findings if finding.rule not in unjudged]
    after = [finding for finding in b.findings if finding.rule not in unjudged]
    return FindingChanges(
        gained=_beyond(after, before), lost=_beyond(before, after), unjudged=tuple(sorted(unjudged))
    )


def _beyond(ours: Iterable[Finding], theirs: Iterable[Finding]) -> tuple[Finding, ...]:
    """Ours that they have not, or less bad; the worst first."""
    known: dict[Key, Severity] = {}
    for finding in theirs:
        severity = Severity[finding.severity]
        known[_key(finding)] = max(severity, known.get(_key(finding), severity))
    beyond = [finding for finding in ours if Severity[finding.severity] > known.get(_key(finding), 0)]
    return tuple(sorted(beyond, key=lambda finding: -Severity[finding.severity]))


def _key(finding: Finding) -> Key:
    rule = RULES.get(finding.rule)
    is_of_network = rule is not None and not rule.per_layer and rule.static is None
    return finding.rule, None if is_of_network else finding.layer
