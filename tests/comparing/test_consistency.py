import math

import pytest
from msgspec import structs

from gradscope.comparing.consistency import contradiction
from gradscope.probe.summary import LossSummary
from gradscope.report import Report
from gradscope.rules import RULES
from tests.render import reports


def level(**changes: object) -> Report:
    return structs.replace(reports.report("level", [reports.dense("dense1", 1, -1.0)], "healthy"), **changes)


def with_layer(**changes: object) -> Report:
    return level(layers=(structs.replace(reports.dense("dense1", 1, -1.0), **changes),))


def judged(rule: str, severity: str) -> Report:
    found = reports.finding("GS101", severity, "dense1", "so it is", "change it", explains=None)
    return level(findings=(structs.replace(found, rule=rule),))


@pytest.mark.parametrize("rule", RULES)
def test_an_error_is_never_healthy(rule: str) -> None:
    word = RULES[rule].verdict or "warning"
    said = contradiction(judged(rule, "error"))
    assert said == f"its verdict is healthy, that of its findings {word}"
    assert contradiction(structs.replace(judged(rule, "error"), verdict=word)) is None


@pytest.mark.parametrize(
    ("severity", "verdict", "consistent"),
    [
        ("note", "healthy", True),
        ("warning", "warning", True),
        ("warning", "healthy", False),
        ("note", "warning", False),
        ("error", "warning", False),
        ("error", "exploding", False),
        ("error", "vanishing", True),
    ],
)
def test_the_verdict_is_that_of_the_findings(severity: str, verdict: str, consistent: bool) -> None:
    report = structs.replace(judged("GS101", severity), verdict=verdict)
    assert (contradiction(report) is None) == consistent


def test_the_rule_of_a_newer_version_may_be_called_anything_but_healthy() -> None:
    report = judged("GS999", "error")
    assert contradiction(report) == "its verdict is healthy, that of its findings an error"
    assert contradiction(structs.replace(report, verdict="dead")) is None


@pytest.mark.parametrize(
    ("report", "place"),
    [
        (with_layer(output=reports.BROKEN_OUTPUT), "the output of dense1"),
        (with_layer(output=structs.replace(reports.OUTPUT, max=math.inf)), "the output of dense1"),
        (with_layer(output_grad=reports.norm(math.nan)), "a gradient of dense1"),
        (with_layer(output_grad=reports.norm(math.inf)), "a gradient of dense1"),
        (with_layer(bias_grad=reports.norm(math.nan)), "a gradient of dense1"),
        (with_layer(parts={"query": reports.norm(math.nan)}), "a gradient of dense1"),
        (level(loss=LossSummary(math.inf, 2.3)), "the loss"),
        (level(flow=structs.replace(level().flow, log10_ratio=math.nan)), "the flow"),
        (level(flow=structs.replace(level().flow, gain_per_layer=math.nan)), "the flow"),
    ],
)
def test_what_is_not_finite_has_a_finding_that_says_so(report: Report, place: str) -> None:
    assert contradiction(report) == f"{place} is not finite, and no GS401 among its findings says so"
    said = structs.replace(report, findings=reports.non_finite().findings, verdict="non_finite")
    assert contradiction(said) is None


def test_zeros_and_what_has_no_direction_are_finite() -> None:
    """Logarithms of exact zeros, norms that no float can hold, cosines of samples that are zero."""
    zero = reports.norm(-math.inf)
    assert contradiction(with_layer(output_grad=zero, weight_grad=zero, cosine_gap=math.nan)) is None
    assert contradiction(with_layer(output_grad=reports.norm(900.0), update_ratio=math.inf)) is None
    assert contradiction(level(flow=structs.replace(level().flow, log10_ratio=-math.inf))) is None
