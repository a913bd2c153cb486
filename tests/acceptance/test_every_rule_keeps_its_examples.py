"""The two examples of each rule: the one it must object to, and the one it must leave in peace."""

import pytest

from gradscope import diagnose, load_config
from gradscope.rules import RULES
from gradscope.rules.base import Rule
from gradscope.training.run import train


def rules_of(rule: Rule, text: str) -> set[str]:
    """What is found in the example by the command that the rule has its say in."""
    look = diagnose if rule.judges_start else train
    return {finding.rule for finding in look(load_config("example.yaml", text=text), jobs=1).findings}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_it_fires(rule: Rule) -> None:
    assert rule.id in rules_of(rule, rule.fires_on)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_it_is_silent(rule: Rule) -> None:
    assert rule.id not in rules_of(rule, rule.silent_on)
