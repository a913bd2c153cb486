"""Every rule by its own two examples and its own words: a new rule is tested by existing."""

import re
from collections import Counter

import pytest

from gradscope import diagnose
from gradscope.report import Report
from gradscope.rules import CAUSES, EXPLAINED, RULES
from gradscope.rules.base import Rule
from gradscope.training.run import train
from tests.rules.judging import fired, read

WORDS = ("name", "summary", "why", "measured_as", "remedy", "source", "fires_on", "silent_on")

RULE_VALUES = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def judged_by(rule: Rule, text: str) -> Report:
    """A report that the rule had a say in."""
    return diagnose(read(text)) if rule.judges_start else train(read(text))


@RULE_VALUES
def test_fires_on_its_example(rule: Rule) -> None:
    report = judged_by(rule, rule.fires_on)
    found = [finding for finding in report.findings if finding.rule == rule.id]
    assert found
    for finding in found:
        assert finding.name == rule.name
        assert finding.remedy == rule.remedy
        assert finding.severity in {severity.name for severity in rule.severities}
        assert finding.trials_fired == report.trials
        assert not re.search(r"\bnan\b|None|\{|\s\s", finding.message)


@RULE_VALUES
def test_silent_on_its_example(rule: Rule) -> None:
    assert rule.id not in fired(judged_by(rule, rule.silent_on))


@RULE_VALUES
def test_has_every_word(rule: Rule) -> None:
    for word in WORDS:
        assert getattr(rule, word).strip(), word
    assert re.fullmatch(r"GS\d{3}", rule.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.summary.endswith(".")
    assert rule.why.endswith(".")
    assert not rule.remedy.endswith(".")
    assert re.search(r"(19|20)\d\d", rule.source), "a source has a year"


@RULE_VALUES
def test_is_consistent(rule: Rule) -> None:
    checks = (rule.check, rule.static)
    assert sum(check is not None for check in checks) == rule.judges_start, "it judges trials or the config"
    assert rule.judges_start or rule.training is not None, "or what training makes of them"
    assert list(rule.severities) == sorted(set(rule.severities), reverse=True)
    assert set(rule.adam_limits) <= set(rule.limits)
    assert rule.fires_on != rule.silent_on


def test_rules_stand_in_the_order_of_their_ids_with_a_name_each() -> None:
    assert list(RULES) == sorted(rule.id for rule in RULES.values())
    assert max(Counter(rule.name for rule in RULES.values()).values()) == 1


def test_causes_and_what_they_explain_are_rules() -> None:
    assert len(set(CAUSES)) == len(CAUSES)
    assert not set(CAUSES) & set(EXPLAINED)
    assert set(CAUSES) | set(EXPLAINED) <= set(RULES)
    assert set(CAUSES) == {
        "GS103",
        "GS104",
        "GS105",
        "GS106",
        "GS107",
        "GS201",
        "GS202",
        "GS204",
        "GS302",
        "GS305",
    }
