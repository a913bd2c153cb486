"""The order of findings, causes under what they explain, and the one word for the config."""

import itertools

import pytest

from gradscope.rules import CAUSES, EXPLAINED, RULES
from gradscope.rules.base import Finding, Severity
from gradscope.rules.judge import VERDICTS, judge, verdict
from gradscope.rules.policy import Policy
from tests.rules.judging import HEALTHY, fired, read, report_of, trace_of, with_log10_ratios, with_origins

DEEP_SIGMOID = """\
input: 64
batch: {inputs: {uniform: {low: 0, high: 255}}}
init: glorot_uniform
layers:
  - {repeat: 20, layers: [dense: 64, batch_norm, sigmoid, dense: 64, sigmoid]}
  - dense: 10
"""
EXPLODING = """\
input: 64
init: {he_normal: {gain: 2}}
layers:
  - {repeat: 20, layers: [dense: 64, relu]}
  - dense: 10
"""
SHALLOW = """\
input: 64
batch: {inputs: {uniform: {low: 0, high: 255}}}
layers: [dense: 64, sigmoid, dense: 10]
"""


@pytest.mark.parametrize(("text", "explained"), [(DEEP_SIGMOID, "GS101"), (EXPLODING, "GS102")])
def test_causes_stand_behind_what_they_explain(text: str, explained: str) -> None:
    findings = report_of(text).findings
    start = [finding.rule for finding in findings].index(explained)
    causes = list(itertools.takewhile(lambda finding: finding.explains == explained, findings[start + 1 :]))
    assert len({finding.rule for finding in causes}) >= 3
    order = [CAUSES.index(finding.rule) for finding in causes]
    assert order == sorted(order)
    others = [*findings[: start + 1], *findings[start + 1 + len(causes) :]]
    assert all(finding.explains is None and finding.rule not in CAUSES for finding in others)


def test_without_a_bad_flow_nothing_is_explained() -> None:
    findings = report_of(SHALLOW).findings
    assert {finding.rule for finding in findings} & set(CAUSES)
    assert not {finding.rule for finding in findings} & set(EXPLAINED)
    assert all(finding.explains is None for finding in findings)


def test_an_explosion_is_explained_before_a_vanishing() -> None:
    trace = with_log10_ratios(trace_of(read(SHALLOW, trials=4)), -5.0, -5.0, 5.0, 5.0)
    findings = judge(trace, Policy())
    rules = [finding.rule for finding in findings]
    assert {"GS101", "GS102"} <= set(rules)
    assert {finding.explains for finding in findings if finding.rule in CAUSES} == {"GS102"}


@pytest.mark.parametrize("text", [DEEP_SIGMOID, EXPLODING, SHALLOW])
def test_worst_first_and_the_same_again(text: str) -> None:
    report = report_of(text)
    heads = [finding for finding in report.findings if finding.explains is None]
    severities = [Severity[finding.severity] for finding in heads]
    assert severities == sorted(severities, reverse=True)
    assert report_of(text).findings == report.findings


def test_equally_bad_ones_come_by_rule_and_then_by_layer() -> None:
    text = """\
input: 64
init: he_normal
layers:
  - {repeat: 12, layers: [dense: {units: 64, bias_init: {constant: -8}}, relu]}
  - dense: 10
"""
    names = [finding.layer for finding in report_of(text).findings if finding.rule == "GS201"]
    assert len(names) >= 10
    assert names == sorted(names, key=lambda name: int((name or "").removeprefix("relu")))


def test_leaving_a_rule_out_keeps_the_order_of_the_others() -> None:
    trace = trace_of(read(DEEP_SIGMOID))
    everything = judge(trace, Policy())
    for rule in {finding.rule for finding in everything} - set(EXPLAINED):
        left = [finding for finding in everything if finding.rule != rule]
        assert list(judge(trace, Policy(ignore=(rule,)))) == left


def finding(rule: str, severity: str) -> Finding:
    return Finding(
        rule=rule,
        name=RULES[rule].name,
        severity=severity,
        layer=None,
        line=None,
        column=None,
        message="",
        measured=0.0,
        limit=0.0,
        trials_fired=1,
        explains=None,
        remedy="",
    )


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ([], "healthy"),
        ([("GS303", "note")], "healthy"),
        ([("GS101", "note")], "healthy"),
        ([("GS101", "warning")], "warning"),
        ([("GS301", "warning"), ("GS303", "note")], "warning"),
        ([("GS301", "error")], "warning"),
        ([("GS202", "error")], "saturated"),
        ([("GS201", "error")], "dead"),
        ([("GS101", "error")], "vanishing"),
        ([("GS102", "error")], "exploding"),
        ([("GS401", "error")], "non_finite"),
        ([("GS303", "note"), ("GS201", "error"), ("GS101", "error")], "vanishing"),
        ([("GS101", "error"), ("GS102", "error")], "exploding"),
        ([("GS102", "error"), ("GS401", "error")], "non_finite"),
        ([("GS102", "warning"), ("GS201", "error")], "dead"),
    ],
)
def test_verdict(found: list[tuple[str, str]], word: str) -> None:
    for order in itertools.permutations(found):
        assert verdict(finding(*one) for one in order) == word


def test_every_word_of_a_rule_is_a_verdict() -> None:
    assert {rule.verdict for rule in RULES.values()} - {None} <= set(VERDICTS)
    assert VERDICTS == ("non_finite", "exploding", "vanishing", "dead", "saturated", "warning", "healthy")


def test_a_nan_stands_before_everything_else() -> None:
    trace = with_log10_ratios(trace_of(read(HEALTHY)), *[-9.0] * 4)
    findings = judge(with_origins(trace, *["relu3"] * 4), Policy())
    assert [found.rule for found in findings[:2]] == ["GS401", "GS101"]
    assert verdict(findings) == "non_finite"


def test_a_healthy_network_has_no_findings() -> None:
    report = report_of(HEALTHY)
    assert fired(report) == []
    assert report.verdict == "healthy"
