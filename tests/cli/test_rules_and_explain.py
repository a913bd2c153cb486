import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gradscope.rules import RULES
from gradscope.rules.base import Rule
from tests.cli.calls import call, small

Golden = Callable[[str, str], None]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_list_has_every_rule(rule: Rule) -> None:
    severities = ", ".join(severity.name for severity in rule.severities)
    (line,) = [line for line in call("rules").stdout.splitlines() if line.startswith(rule.id)]
    assert line.split(maxsplit=2)[:2] == [rule.id, rule.name]
    assert line.split(maxsplit=2)[2].startswith(severities)


def test_the_list_in_other_formats() -> None:
    rows = [*csv.DictReader(io.StringIO(call("rules", "--format", "csv").stdout))]
    assert [(row["rule"], row["name"]) for row in rows] == [(rule.id, rule.name) for rule in RULES.values()]
    lines = call("rules", "--format", "markdown").stdout.splitlines()
    assert len(lines) == len(RULES) + 2
    assert lines[2].startswith(
        "| GS101 | vanishing-gradient | error, warning | min_ratio = 0.001 (1e-06 under "
    )
    listed = json.loads(call("rules", "--format", "json").stdout)["rules"]
    assert [rule["id"] for rule in listed] == [*RULES]
    words = {field.name for field in msgspec.structs.fields(Rule)} & {
        "id",
        "name",
        "verdict",
        "limits",
        "adam_limits",
        "summary",
        "why",
        "measured_as",
        "remedy",
        "source",
    }
    for rule in listed:
        assert all(rule[word] == getattr(RULES[rule["id"]], word) for word in words)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_an_explanation_says_everything(rule: Rule) -> None:
    result = call("explain", rule.id)
    assert (result.exit_code, result.stderr) == (0, "")
    text = " ".join(result.stdout.split())
    assert text.startswith(f"{rule.id} {rule.name} ")
    for words in (rule.summary, rule.why, rule.measured_as, rule.remedy, rule.source):
        assert " ".join(words.split()) in text
    for name, limit in rule.limits.items():
        assert f"{name} = {limit:g}" in text
    for example in (rule.fires_on, rule.silent_on):
        assert "".join(f"    {line}\n" for line in example.splitlines()) in result.stdout
    assert (f"# gradscope: ignore[{rule.id}]" in text) is (rule.id != "GS401")


def test_explanations_fit_a_terminal_of_80_columns() -> None:
    lines = call("explain", "GS").stdout.splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_what_an_explanation_looks_like(golden: Golden) -> None:
    golden("cli/explain-GS101.txt", call("explain", "GS101").stdout)
    golden("cli/explain-GS101.md", call("explain", "GS101", "--format", "markdown").stdout)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES.values() if rule.id != "GS401"], ids=lambda rule: rule.id
)
def test_the_setting_that_is_shown_is_one(rule: Rule, tmp_path: Path) -> None:
    text = call("explain", rule.id).stdout
    lines = text.partition("how to set it\n\n")[2].partition("\n\nhow to")[0].splitlines()
    setting = "\n".join(line.removeprefix("    ") for line in lines)
    file = small(
        tmp_path, text=f"input: 4\ntrials: 1\nbatch: {{size: 2}}\nlayers: [{{dense: 2}}]\n{setting}\n"
    )
    result = call("run", file, "-q")
    assert (result.exit_code, result.stderr) == (0, "")


def test_several_by_their_beginning() -> None:
    text = call("explain", "GS2,GS401").stdout
    heads = [line.split()[0] for line in text.splitlines() if line.startswith("GS")]
    assert heads == [rule for rule in RULES if rule.startswith("GS2") or rule == "GS401"]
    document = json.loads(call("explain", "GS2", "GS401", "--format", "json").stdout)
    assert [rule["id"] for rule in document["rules"]] == heads


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("GS999", "did you mean"),
        ("vanishing-gradient", "write GS101"),
        ("gs101", "write GS101"),
        ("x", "write an id like GS101"),
    ],
)
def test_what_is_no_rule(name: str, hint: str) -> None:
    result = call("explain", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"no rule is called '{name}' or begins with it; {hint}" in " ".join(result.stderr.split())
