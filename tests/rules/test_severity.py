"""How severity follows from the share of trials that fire; and that one trial is enough for a NaN."""

import math

import pytest

from gradscope.config.schema import RuleSetting
from gradscope.errors import Place
from gradscope.rules import RULES
from gradscope.rules.base import Hit, Severity
from gradscope.rules.judge import judge
from gradscope.rules.policy import Policy
from tests.rules.judging import HEALTHY, only, read, trace_of, with_log10_ratios, with_origins

NOTE, WARNING, ERROR = Severity.note, Severity.warning, Severity.error


def hits(*severities: Severity) -> list[Hit]:
    return [Hit("dense1", severity, -5.0, 1e-3) for severity in severities]


@pytest.mark.parametrize(
    ("fired", "trials", "expected"),
    [
        ((ERROR,), 1, ERROR),
        ((ERROR,), 2, ERROR),
        ((ERROR,), 3, WARNING),
        ((ERROR, ERROR), 3, ERROR),
        ((ERROR, ERROR), 5, WARNING),
        ((WARNING,), 2, WARNING),
        ((WARNING,), 3, NOTE),
        ((NOTE,), 2, NOTE),
        ((NOTE,), 3, None),
        ((NOTE, NOTE), 5, None),
        ((ERROR, WARNING, WARNING), 5, WARNING),
        ((ERROR, NOTE, NOTE), 5, WARNING),
        ((WARNING, NOTE, NOTE), 5, NOTE),
        ((ERROR, WARNING), 2, ERROR),
        ((ERROR, ERROR, WARNING, NOTE), 4, ERROR),
    ],
)
def test_half_of_the_trials_reach_it_or_it_is_lowered(
    fired: tuple[Severity, ...], trials: int, expected: Severity | None
) -> None:
    assert Policy().severity(RULES["GS101"], hits(*fired), trials) == expected


def test_non_finite_counts_from_the_first_trial() -> None:
    assert Policy().severity(RULES["GS401"], hits(ERROR), 100) == ERROR


def test_a_severity_that_is_given_replaces_the_rules_own() -> None:
    given = RuleSetting(severity="note", place=Place("net.yaml"))
    policy = Policy(settings={"GS101": given})
    assert policy.severity(RULES["GS101"], hits(ERROR, ERROR), 2) == NOTE
    assert policy.severity(RULES["GS101"], hits(ERROR), 3) is None
    assert policy.severity(RULES["GS102"], hits(ERROR, ERROR), 2) == ERROR


@pytest.mark.parametrize(
    ("ratios", "severity", "fired"),
    [
        ((-5.0, None, None, None), "warning", 1),
        ((-5.0, -4.0, None, None), "error", 2),
        ((-5.0, -5.0, -5.0, None), "error", 3),
        ((-5.0, -5.0, -5.0, -5.0), "error", 4),
        ((-5.0, -2.5, None, None), "warning", 2),
        ((-2.5, None, None, None), "note", 1),
        ((math.nan, None, None, None), "warning", 1),
        ((-math.inf, None, None, None), "warning", 1),
    ],
)
def test_vanishing_in_some_trials(ratios: tuple[float | None, ...], severity: str, fired: int) -> None:
    trace = with_log10_ratios(trace_of(read(HEALTHY)), *ratios)
    finding = only(judge(trace, Policy()), "GS101")
    assert (finding.severity, finding.trials_fired) == (severity, fired)
    assert finding.message.endswith(f"(in {fired} of 4 trials)") is (fired < 4)


def test_the_number_is_the_geometric_mean_over_the_trials_that_fired() -> None:
    trace = with_log10_ratios(trace_of(read(HEALTHY)), -4.0, -8.0, None, None)
    finding = only(judge(trace, Policy()), "GS101")
    assert finding.measured == pytest.approx(1e-6, rel=1e-12)
    assert finding.limit == 1e-3
    assert finding.message.startswith("the gradient at dense1 is 1.0e-06 of that at dense6: plain SGD")


def test_the_limit_is_that_of_the_severity_reported() -> None:
    trace = trace_of(read(HEALTHY))
    mixed = only(judge(with_log10_ratios(trace, -5.0, -2.5, -2.5, None), Policy()), "GS101")
    assert (mixed.severity, mixed.limit) == ("warning", 1e-2), "one trial in four is not enough for 1e-3"
    lowered = only(judge(with_log10_ratios(trace, -5.0, None, None, None), Policy()), "GS101")
    assert (lowered.severity, lowered.limit) == ("warning", 1e-3), "an error in one trial"


def test_a_bad_way_back_has_the_place_of_its_layer() -> None:
    trace = with_origins(trace_of(read(HEALTHY)), "gradient of dense3", None, None, None)
    finding = only(judge(trace, Policy()), "GS401")
    assert (finding.layer, finding.line, finding.column) == ("gradient of dense3", 5, 26)


def test_one_trial_without_a_number_is_never_healthy() -> None:
    trace = with_origins(trace_of(read(HEALTHY)), None, "dense3", None, None)
    finding = only(judge(trace, Policy()), "GS401")
    assert (finding.severity, finding.layer, finding.trials_fired) == ("error", "dense3", 1)
    assert finding.message == (
        "a NaN or an infinity first appears in the output of dense3, layer 5 of 11 (in 1 of 4 trials)"
    )


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ("input", "the input batch holds a NaN or an infinity"),
        ("loss", "the loss or its gradient is NaN or infinite while every layer's output is finite"),
        ("gradient of relu2", "the way back through relu2 gives a NaN or an infinity"),
    ],
)
def test_other_places_a_nan_comes_from(origin: str, message: str) -> None:
    trace = with_origins(trace_of(read(HEALTHY)), origin, origin, origin, origin)
    assert only(judge(trace, Policy()), "GS401").message == message


def test_a_note_in_too_few_trials_is_not_reported() -> None:
    trace = trace_of(read(HEALTHY, trials=3))
    assert judge(trace, Policy(select=("GS2",))) == ()
