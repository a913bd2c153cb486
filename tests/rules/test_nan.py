"""A NaN has passed every limit: no comparison of any rule reads it as healthy."""

import math
from typing import Any

import msgspec
import pytest

from gradscope.probe.trace import TrialTrace
from gradscope.rules import RULES
from gradscope.rules.base import Case, Rule, Severity, graded
from gradscope.rules.judge import judge, verdict
from gradscope.rules.policy import Policy
from tests.rules.judging import HEALTHY, read, report_of, trace_of, with_log10_ratios

NEEDS_NUMBERS = {
    "GS105": "names one layer among comparable ones",
    "GS107": "says after how many layers a finite gain breaks",
    "GS113": "compares what is a number with what theory has",
    "GS401": "goes by the origin that the listener noted, not by a number",
}
"""Rules that only locate or extrapolate: a NaN is what GS401, GS101 and GS102 are for."""

NUMERIC = [rule for rule in RULES.values() if rule.check is not None and rule.id not in NEEDS_NUMBERS]
ACROSS_LAYERS = ("GS106", "GS402")
"""Compare layers with each other: a NaN in any of them fires."""


def poisoned(value: Any) -> Any:
    """The same record with every measured number a NaN."""
    if isinstance(value, float):
        return math.nan
    if isinstance(value, msgspec.Struct):
        fields = value.__struct_fields__
        return type(value)(**{field: poisoned(getattr(value, field)) for field in fields})
    if isinstance(value, dict):
        return {key: poisoned(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    return value


def poisoned_trials(trace: Case) -> Case:
    return msgspec.structs.replace(trace, trials=tuple(poisoned(trial) for trial in trace.trials))


def hits(rule: Rule, trace: Case, trial: TrialTrace) -> list[Any]:
    assert rule.check is not None
    return list(rule.check(trace, trial, rule.limits))


@pytest.mark.parametrize("rule", NUMERIC, ids=[rule.id for rule in NUMERIC])
def test_every_rule_fires_on_nan(rule: Rule) -> None:
    healthy = trace_of(read(rule.silent_on))
    trace = healthy if _measures(healthy, rule) else trace_of(read(rule.fires_on))
    for trial in poisoned_trials(trace).trials:
        found = hits(rule, trace, trial)
        assert found
        assert found[0].severity is rule.severities[0]
        words = rule.message(found[0], trace.outline).replace(",", " ").split()
        assert not {word.rstrip("%") for word in words} & {"nan", "inf"}, "told in words, not as a number"


def _measures(trace: Case, rule: Rule) -> bool:
    """Whether what the rule judges was measured of the trace at all."""
    return bool(hits(rule, trace, poisoned(trace.trials[0])))


@pytest.mark.parametrize("rule", NUMERIC, ids=[rule.id for rule in NUMERIC])
def test_messages_can_tell_a_nan(rule: Rule) -> None:
    trace = poisoned_trials(trace_of(read(rule.fires_on)))
    findings = judge(trace, Policy(select=(rule.id,)))
    assert findings
    assert all(finding.message for finding in findings)


@pytest.mark.parametrize("id_", ACROSS_LAYERS)
def test_one_nan_among_the_layers_is_enough(id_: str) -> None:
    rule = RULES[id_]
    trace = trace_of(read(rule.silent_on))
    trial = trace.trials[0]
    assert not hits(rule, trace, trial)
    for number, info in enumerate(trace.layers):
        if info.weighted:
            layers = (*trial.layers[:number], poisoned(trial.layers[number]), *trial.layers[number + 1 :])
            assert hits(rule, trace, msgspec.structs.replace(trial, layers=layers)), info.name


@pytest.mark.parametrize("above", [True, False])
def test_a_nan_has_passed_the_worst_limit(above: bool) -> None:
    limits = {"bad": 3.0, "worse": 5.0}
    grades = (Severity.error, "worse"), (Severity.note, "bad")
    assert graded(math.nan, limits, *grades, above=above) == (Severity.error, 5.0)


def test_limits_themselves_are_healthy() -> None:
    limits = {"bad": 3.0}
    for above in (True, False):
        assert graded(3.0, limits, (Severity.error, "bad"), above=above) is None
    assert graded(math.nextafter(3.0, 4.0), limits, (Severity.error, "bad"), above=True) is not None
    assert graded(math.nextafter(3.0, 2.0), limits, (Severity.error, "bad"), above=False) is not None


def test_a_ratio_that_is_no_number_is_both_vanishing_and_exploding() -> None:
    trace = with_log10_ratios(trace_of(read(HEALTHY)), *[math.nan] * 4)
    findings = judge(trace, Policy())
    assert {"GS101", "GS102"} <= {finding.rule for finding in findings}
    assert verdict(findings) == "exploding"
    for finding in findings:
        if finding.rule in {"GS101", "GS102"}:
            assert finding.message == "the gradient at dense1 over that at dense6 is not a number"


def test_nothing_that_is_measured_can_be_nan_and_healthy() -> None:
    findings = judge(poisoned_trials(trace_of(read(HEALTHY))), Policy())
    assert verdict(findings) not in {"healthy", "warning"}


def test_an_activation_steeper_than_any_float_is_a_finding_and_no_crash() -> None:
    steep = "{dense: {units: 4, bias_init: {constant: -5}}}, {leaky_relu: 1.7e+308}"
    report = report_of(f"input: 4\ntrials: 1\nlayers: [{steep}, dense: 4, relu, dense: 2]\n")
    (found,) = (finding for finding in report.findings if finding.rule == "GS302")
    assert math.isnan(found.measured)
    assert "cannot be told" in found.message
    assert report.verdict == "non_finite"
