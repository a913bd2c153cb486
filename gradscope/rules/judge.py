"""All rules over all trials: severities over trials, findings in order, the one word for the config."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from gradscope.config.schema import RuleSetting
from gradscope.errors import Place, Problems, did_you_mean
from gradscope.numerals import power10
from gradscope.probe.trace import Trace
from gradscope.rules import RULES
from gradscope.rules.base import Finding, Hit, Limits, Rule, Severity

AS_SHIPPED = RuleSetting(place=Place("gradscope"))
"""The setting of a rule the config does not mention."""

VERDICTS = ("non_finite", "exploding", "vanishing", "dead", "saturated", "warning", "healthy")
"""Worst first."""


def judge(
    trace: Trace, settings: Mapping[str, RuleSetting], optimizer: str | None = None
) -> tuple[Finding, ...]:
    """Every finding, worst first, then by rule and layer."""
    findings = [
        finding
        for rule in RULES.values()
        if (setting := settings.get(rule.id, AS_SHIPPED)).enabled
        for finding in _judge_by(rule, setting, trace, optimizer)
    ]
    order = {info.name: number for number, info in enumerate(trace.layers)}

    def rank(finding: Finding) -> tuple[int, int, str, int]:
        word = RULES[finding.rule].verdict or "warning"
        place = order.get(finding.layer or "", -1)
        return -Severity[finding.severity], VERDICTS.index(word), finding.rule, place

    return tuple(sorted(findings, key=rank))


def verdict(findings: Iterable[Finding]) -> str:
    """The word of the worst error; without errors, whether there is a warning."""
    words = [_word(finding) for finding in findings]
    return min(words, key=VERDICTS.index, default="healthy")


def _word(finding: Finding) -> str:
    if finding.severity == "error":
        return RULES[finding.rule].verdict or "warning"
    return "warning" if finding.severity == "warning" else "healthy"


def limits_of(rule: Rule, setting: RuleSetting, optimizer: str | None) -> Limits:
    """The rule's limits, as the optimizer and the config change them."""
    return rule.limits | (rule.adam_limits if optimizer == "adam" else {}) | setting.limits


def _judge_by(rule: Rule, setting: RuleSetting, trace: Trace, optimizer: str | None) -> Iterable[Finding]:
    limits = limits_of(rule, setting, optimizer)
    groups: defaultdict[str | None, list[Hit]] = defaultdict(list)
    for trial in trace.trials:
        for hit in rule.check(trace, trial, limits):
            groups[hit.layer if rule.per_layer else None].append(hit)
    for hits in groups.values():
        severity = _severity(rule, setting, hits, len(trace.trials))
        if severity is not None:
            yield _finding(rule, severity, hits, trace)


def _severity(rule: Rule, setting: RuleSetting, hits: Sequence[Hit], trials: int) -> Severity | None:
    """The worst severity that at least half of the trials reach, or the worst of any trial lowered by one."""
    severities = [Severity[setting.severity] if setting.severity else hit.severity for hit in hits]
    worst = max(severities)
    if rule.from_first_trial:
        return worst
    reached = [grade for grade in Severity if 2 * sum(found >= grade for found in severities) >= trials]
    lowered = [] if worst.lowered is None else [worst.lowered]
    return max([*lowered, *reached], default=None)


def _finding(rule: Rule, severity: Severity, hits: Sequence[Hit], trace: Trace) -> Finding:
    fired, trials = len(hits), len(trace.trials)
    layer = _layer(hits, trace)
    measured = sum(hit.measured for hit in hits) / fired
    average = Hit(layer, severity, measured, max(hits, key=lambda hit: hit.severity).limit)
    some = f" (in {fired} of {trials} trials)" if fired < trials else ""
    place = next((info for info in trace.layers if info.name == layer), None)
    return Finding(
        rule=rule.id,
        name=rule.name,
        severity=severity.name,
        layer=layer,
        line=place.line if place else None,
        column=place.column if place else None,
        message=rule.message(average, trace) + some,
        measured=power10(measured) if rule.logarithmic else measured,
        limit=average.limit,
        trials_fired=fired,
        explains=None,
        remedy=rule.remedy,
    )


def _layer(hits: Sequence[Hit], trace: Trace) -> str | None:
    """The layer most trials object to; the first in forward order of several."""
    order = {info.name: number for number, info in enumerate(trace.layers)}
    named = sorted((hit.layer for hit in hits if hit.layer is not None), key=lambda name: order.get(name, -1))
    return max(named, key=named.count, default=None)


def check_settings(settings: Mapping[str, RuleSetting], problems: Problems) -> None:
    """Note rules and limits that do not exist."""
    for name, setting in settings.items():
        rule = RULES.get(name)
        if rule is None:
            problems.add(setting.place, f"unknown rule '{name}'", did_you_mean(name, RULES))
            continue
        for limit in setting.limits:
            if limit not in rule.limits:
                hint = did_you_mean(limit, rule.limits) or f"{name} has no limits to set"
                problems.add(
                    setting.places.get(limit, setting.place), f"unknown limit '{limit}' of {name}", hint
                )
