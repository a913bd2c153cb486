"""All rules over all trials: findings in order, causes under what they explain, the one word for the
config."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import repeat

import msgspec

from gradscope.numerals import power10
from gradscope.probe.course import Course
from gradscope.probe.trace import BACK_THROUGH, Trace
from gradscope.rules import CAUSES, EXPLAINED, RULES
from gradscope.rules.base import Case, Finding, Hit, Rule, Severity
from gradscope.rules.policy import Policy

VERDICTS = ("non_finite", "exploding", "vanishing", "dead", "saturated", "warning", "healthy")
"""Worst first."""


def judge(case: Case, policy: Policy, courses: Sequence[Course] = ()) -> tuple[Finding, ...]:
    """Every finding: worst first, then by rule and layer, and behind one that is explained its causes.

    Args:
        case: before any training.
        policy: what is judged.
        courses: of the same trials, where they were trained.
    """
    found = [finding for rule in policy.rules() for finding in _judge_by(rule, policy, case, courses)]
    fired = {finding.rule for finding in found}
    explained = next((rule for rule in EXPLAINED if rule in fired), None)
    causes = [finding for finding in found if explained and finding.rule in CAUSES]
    others = [finding for finding in found if not (explained and finding.rule in CAUSES)]
    order = case.outline.numbers

    def place(finding: Finding) -> int:
        return order.get(finding.layer or "", -1)

    def rank(finding: Finding) -> tuple[int, int, str, int]:
        word = RULES[finding.rule].verdict or "warning"
        return -Severity[finding.severity], VERDICTS.index(word), finding.rule, place(finding)

    causes.sort(key=lambda finding: (CAUSES.index(finding.rule), place(finding)))
    ordered: list[Finding] = []
    for finding in sorted(others, key=rank):
        ordered.append(finding)
        if finding.rule == explained:
            ordered += [msgspec.structs.replace(cause, explains=explained) for cause in causes]
    return tuple(ordered)


def verdict(findings: Iterable[Finding]) -> str:
    """The word of the worst error; without errors, whether there is a warning."""
    return min((_word(finding) for finding in findings), key=VERDICTS.index, default="healthy")


def _word(finding: Finding) -> str:
    if finding.severity == "error":
        return RULES[finding.rule].verdict or "warning"
    return "warning" if finding.severity == "warning" else "healthy"


def _judge_by(rule: Rule, policy: Policy, case: Case, courses: Sequence[Course]) -> Iterable[Finding]:
    limits = policy.limits(rule)
    groups: defaultdict[str | None, list[Hit]] = defaultdict(list)
    for trial, course in zip(case.trials, courses or repeat(None), strict=False):
        hits = [*rule.check(case, trial, limits)] if rule.check is not None else []
        if rule.training is not None and course is not None and not hits:  # what fails at once, fails once
            hits += rule.training(case.outline, course, limits)
        for hit in hits:
            groups[hit.layer if rule.per_layer else None].append(hit)
    if rule.static is not None:
        for hit in rule.static(case.outline, limits):
            groups[hit.layer] += [hit] * len(case.trials)
    for found in groups.values():
        severity = policy.severity(rule, found, len(case.trials))
        finding = severity and _finding(rule, severity, found, case)
        if finding and not policy.is_suppressed(rule, finding.line):
            yield finding


def _finding(rule: Rule, severity: Severity, hits: Sequence[Hit], trace: Trace) -> Finding:
    fired, trials = len(hits), len(trace.trials)
    layer = _layer(hits, trace)
    # Detail and limit must be those of a trial which named this layer, and which is just as bad as what is
    # reported where there is one; the number is the mean of all that fired.
    named = [hit for hit in hits if hit.layer == layer]
    sample = min(
        (hit for hit in named if hit.severity >= severity), key=_grade, default=max(named, key=_grade)
    )
    measured = sum(hit.measured for hit in hits) / fired
    average = msgspec.structs.replace(sample, severity=severity, measured=measured)
    some = f" (in {fired} of {trials} trials)" if fired < trials else ""
    line, column = trace.outline.place_of(layer and layer.removeprefix(BACK_THROUGH))
    return Finding(
        rule=rule.id,
        name=rule.name,
        severity=severity.name,
        layer=layer,
        line=line,
        column=column,
        message=rule.message(average, trace.outline) + some,
        measured=power10(measured) if rule.logarithmic else measured,
        limit=average.limit,
        trials_fired=fired,
        explains=None,
        remedy=rule.remedy,
    )


def _grade(hit: Hit) -> Severity:
    return hit.severity


def _layer(hits: Sequence[Hit], trace: Trace) -> str | None:
    """The layer most trials object to; the first in forward order of several."""
    order = trace.outline.numbers
    named = sorted((hit.layer for hit in hits if hit.layer is not None), key=lambda name: order.get(name, -1))
    return Counter(named).most_common(1)[0][0] if named else None
