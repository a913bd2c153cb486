"""What a config says about rules: off, severities, limits, the optimizer, comments; and what is selected."""

import pytest

from gradscope import ConfigError, diagnose, load_config
from gradscope.errors import Mistake
from gradscope.rules import RULES
from gradscope.rules.judge import judge
from gradscope.rules.policy import Policy, policy_of
from tests.rules.judging import HEALTHY, fired, only, read, report_of, trace_of, with_log10_ratios

OF_THE_START = {rule.id for rule in RULES.values() if rule.judges_start}
"""Those that need no training."""

LOST_BIAS = """\
input: 64
init: he_normal
layers:
  - dense: 64
  - batch_norm
  - relu
  - dense: 10
"""


def messages_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config("net.yaml", text=text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("log10_ratio", "sgd", "adam"),
    [
        (-1.9, None, None),
        (-2.1, ("GS101", "warning", 1e-2), None),
        (-2.9, ("GS101", "warning", 1e-2), None),
        (-3.1, ("GS101", "error", 1e-3), ("GS101", "warning", 1e-3)),
        (-5.9, ("GS101", "error", 1e-3), ("GS101", "warning", 1e-3)),
        (-6.1, ("GS101", "error", 1e-3), ("GS101", "error", 1e-6)),
        (1.9, None, None),
        (2.1, ("GS102", "warning", 1e2), ("GS102", "warning", 1e2)),
        (3.1, ("GS102", "error", 1e3), ("GS102", "error", 1e3)),
    ],
)
def test_limits_of_both_optimizers(
    log10_ratio: float, sgd: tuple[str, str, float] | None, adam: tuple[str, str, float] | None
) -> None:
    for optimizer, expected in ((None, sgd), ("sgd", sgd), ("adam", adam)):
        rules = f"rules: {{optimizer: {optimizer}}}\n" if optimizer else ""
        config = read(HEALTHY + rules)
        assert config.optimizer == optimizer
        findings = judge(with_log10_ratios(trace_of(config), *[log10_ratio] * 4), policy_of(config))
        found = [(f.rule, f.severity, f.limit) for f in findings if f.rule in {"GS101", "GS102"}]
        assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("log10_ratio", "end"),
    [
        (-7.0, "neither SGD nor Adam trains this"),
        (-4.0, "plain SGD does not train this, Adam may"),
        (-2.5, "near the limit below which SGD fails"),
        (2.5, "near the limit above which SGD and Adam fail"),
        (4.0, "neither SGD nor Adam trains this"),
    ],
)
def test_the_message_says_which_optimizer_gives_up(log10_ratio: float, end: str) -> None:
    findings = judge(with_log10_ratios(trace_of(read(HEALTHY)), *[log10_ratio] * 4), Policy())
    assert findings[0].message.endswith(f": {end}")


@pytest.mark.parametrize(
    ("log10_ratio", "limits", "end"),
    [
        (-1.0, "GS101: {warn_ratio: 0.5}", "past the limit of 0.5 that the config sets"),
        (-1.0, "GS101: {min_ratio: 0.25, warn_ratio: 0.5}", "past the limit of 0.25 that the config sets"),
        (3.0, "GS101: {warn_ratio: 1.0e+5}, GS102: off", "past the limit of 100000 that the config sets"),
        (-7.0, "GS101: {min_ratio: 1.0e-5}", "neither SGD nor Adam trains this"),
        (-4.0, "GS101: {min_ratio: 1.0e-5}", "plain SGD does not train this, Adam may"),
        (-2.5, "GS101: {min_ratio: 0.1}", "near the limit below which SGD fails"),
        (1.0, "GS102: {warn_ratio: 5}", "past the limit of 5 that the config sets"),
        (-9.0, "GS101: off, GS102: {max_ratio: -1}", "past the limit of -1 that the config sets"),
        (2.5, "GS102: {max_ratio: 200}", "near the limit above which SGD and Adam fail"),
    ],
)
def test_the_message_is_true_whatever_the_limits(log10_ratio: float, limits: str, end: str) -> None:
    config = read(HEALTHY + f"rules: {{{limits}}}\n")
    findings = judge(with_log10_ratios(trace_of(config), *[log10_ratio] * 4), policy_of(config))
    assert findings[0].message.endswith(f": {end}")


def test_a_limit_of_the_config_wins_over_the_optimizers() -> None:
    config = read(HEALTHY + "rules: {optimizer: adam, GS101: {min_ratio: 3.0e-3, warn_ratio: 0.5}}\n")
    trace = trace_of(config)
    finding = only(judge(with_log10_ratios(trace, *[-3.0] * 4), policy_of(config)), "GS101")
    assert (finding.severity, finding.limit) == ("error", 3.0e-3)
    finding = only(judge(with_log10_ratios(trace, *[-1.0] * 4), policy_of(config)), "GS101")
    assert (finding.severity, finding.limit) == ("warning", 0.5)


def test_a_limit_of_zero_is_passed_by_nothing_but_nan() -> None:
    config = read(HEALTHY + "rules: {GS101: {min_ratio: 0, warn_ratio: 0}}\n")
    trace = trace_of(config)
    assert judge(with_log10_ratios(trace, *[-400.0] * 4), policy_of(config, ["GS101"])) == ()
    assert judge(with_log10_ratios(trace, *[float("nan")] * 4), policy_of(config, ["GS101"])) != ()


def test_rules_are_switched_off() -> None:
    assert "GS303" in fired(report_of(LOST_BIAS))
    report = report_of(LOST_BIAS + "rules: {GS303: off}\n")
    assert "GS303" not in fired(report)
    assert "GS303" not in report.judged
    assert set(report.judged) == OF_THE_START - {"GS303"}


@pytest.mark.parametrize("severity", ["error", "warning", "note"])
def test_severities_are_set(severity: str) -> None:
    report = report_of(LOST_BIAS + f"rules: {{GS303: {{severity: {severity}}}}}\n")
    assert only(report.findings, "GS303").severity == severity
    assert report.verdict == {"error": "warning", "warning": "warning", "note": "healthy"}[severity]


def test_unknown_rules_and_limits_have_places() -> None:
    text = (
        HEALTHY
        + "rules:\n  FOO: off\n  GS101: {min_ration: 1}\n  GS301: {x: 2}\n  GS1O2: off\n  dead-units: off\n"
    )
    assert messages_of(text) == [
        "net.yaml:8:3: unknown rule 'FOO'; write an id like GS101",
        "net.yaml:9:11: unknown limit 'min_ration' of GS101; did you mean 'min_ratio'?",
        "net.yaml:10:11: unknown limit 'x' of GS301; GS301 has no limits to set",
        "net.yaml:11:3: unknown rule 'GS1O2'; did you mean 'GS102'?",
        "net.yaml:12:3: unknown rule 'dead-units'; write GS201",
    ]


def test_a_comment_silences_its_line() -> None:
    for comment in ("GS303", "GS3", "GS101, GS303", "GS101 GS303"):
        text = LOST_BIAS.replace("  - dense: 64", f"  - dense: 64  # gradscope: ignore[{comment}]")
        assert "GS303" not in fired(report_of(text)), comment


@pytest.mark.parametrize("other", ["ignore[GS101]", "ignore[]"])
def test_a_comment_about_another_rule_does_not(other: str) -> None:
    text = LOST_BIAS.replace("  - dense: 64", f"  - dense: 64  # gradscope: {other}")
    assert "GS303" in fired(report_of(text))


def test_a_comment_on_another_line_does_not() -> None:
    text = LOST_BIAS.replace("  - relu", "  - relu  # gradscope: ignore[GS303]")
    assert "GS303" in fired(report_of(text))


def test_an_unknown_rule_in_a_comment_has_a_place() -> None:
    text = LOST_BIAS.replace("  - relu", "  - relu  # gradscope: ignore[GS3O3, GS1]")
    assert messages_of(text) == ["net.yaml:6: unknown rule 'GS3O3' in a comment; did you mean 'GS303'?"]


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        ((), (), set(RULES)),
        (("GS1",), (), {id_ for id_ in RULES if id_.startswith("GS1")}),
        (("GS1", "GS401"), (), {id_ for id_ in RULES if id_.startswith("GS1")} | {"GS401"}),
        (("GS1",), ("GS10",), {id_ for id_ in RULES if id_.startswith("GS1") and not id_.startswith("GS10")}),
        ((), ("GS3", "GS4"), {id_ for id_ in RULES if id_[:3] not in {"GS3", "GS4"}}),
        (("GS",), (), set(RULES)),
    ],
)
def test_prefixes_select_and_ignore(
    select: tuple[str, ...], ignore: tuple[str, ...], expected: set[str]
) -> None:
    policy = policy_of(read(LOST_BIAS), select, ignore)
    assert {rule.id for rule in policy.rules()} == expected | {"GS401"}
    report = diagnose(read(LOST_BIAS), select=select, ignore=ignore)
    assert set(report.judged) == (expected | {"GS401"}) & OF_THE_START
    assert set(fired(report)) <= expected


def test_prefixes_may_come_from_a_generator() -> None:
    policy = policy_of(read(LOST_BIAS), (name for name in ["GS303"]))
    assert [rule.id for rule in policy.rules()] == ["GS303", "GS401"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("GS2O1", "did you mean 'GS201'?"),
        ("gs101", "write GS101"),
        ("vanishing-gradient", "write GS101"),
        ("FOO", "write an id like GS101 or GS1"),
        ("", "write an id like GS101 or GS1"),
    ],
)
def test_an_unknown_prefix(name: str, hint: str) -> None:
    for chosen in ({"select": [name]}, {"ignore": [name]}):
        with pytest.raises(Mistake) as caught:
            diagnose(read(LOST_BIAS), **chosen)
        assert caught.value.fact == f"no rule is called '{name}' or begins with it"
        assert caught.value.hint == hint


def test_selecting_nothing_at_all_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="no rule is left"):
        diagnose(read(LOST_BIAS), select=["GS1"], ignore=["GS1"])


LEVEL = """\
input: 4
batch: {size: 2}
trials: 2
loss: random_cotangent
layers: [{repeat: 6, layers: [dense: {units: 4, init: identity, bias: false}]}]
"""
THROUGH_TIME = """\
input: {length: 5, features: 4}
batch: {size: 2}
trials: 2
loss: random_cotangent
layers:
  - rnn: {units: 4, activation: linear, recurrent_init: identity}
  - last_step
  - dense: {units: 4, init: identity, bias: false}
"""


@pytest.mark.parametrize("text", [LEVEL, THROUGH_TIME, HEALTHY], ids=["level", "through time", "healthy"])
@pytest.mark.parametrize("limit", [0, -1, 1, 2, 1e308])
def test_no_limit_is_more_than_a_rule_can_take(text: str, limit: float) -> None:
    case = trace_of(read(text))
    for rule in RULES.values():
        for name in rule.limits:
            policy = policy_of(read(f"{text}rules: {{{rule.id}: {{{name}: {limit}}}}}\n"))
            for finding in judge(case, policy):
                assert finding.message


@pytest.mark.parametrize(
    ("rule", "limit", "text"),
    [
        ("GS102", "max_ratio", LEVEL),
        ("GS103", "max_factor", LEVEL),
        ("GS104", "max_factor", LEVEL),
        ("GS106", "max_spread", HEALTHY),
        ("GS109", "max_ratio", THROUGH_TIME),
    ],
)
@pytest.mark.parametrize("value", [0, -3])
def test_every_factor_is_beyond_a_limit_of_nothing(rule: str, limit: str, text: str, value: int) -> None:
    assert rule in fired(report_of(f"{text}rules: {{{rule}: {{{limit}: {value}}}}}\n"))


@pytest.mark.parametrize(
    ("rule", "limit", "text"), [("GS101", "min_ratio", LEVEL), ("GS108", "min_ratio", THROUGH_TIME)]
)
def test_no_factor_is_below_a_limit_of_nothing(rule: str, limit: str, text: str) -> None:
    assert rule not in fired(report_of(f"{text}rules: {{{rule}: {{{limit}: 0}}}}\n"))
