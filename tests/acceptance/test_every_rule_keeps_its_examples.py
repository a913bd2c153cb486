"""The two examples of each rule: the one it must object to, and the one it must leave in peace."""

import pytest

from gradscope import diagnose, load_config
from gradscope.rules import RULES
from gradscope.rules.base import Rule


def rules_of(text: str) -> set[str]:
    return {finding.rule for finding in diagnose(load_config("example.yaml", text=text), jobs=1).findings}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_it_fires(rule: Rule) -> None:
    assert rule.id in rules_of(rule.fires_on)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_it_is_silent(rule: Rule) -> None:
    assert rule.id not in rules_of(rule.silent_on)
