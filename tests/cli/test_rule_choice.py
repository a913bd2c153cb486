"""What is judged: by the command line, by the config, by a comment on a line; with the real thing."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import call, small

SICK = """\
input: 16
batch: {size: 8}
trials: 1
init: glorot_uniform
layers:
- repeat: 12
  layers:
  - dense: 16
  - sigmoid
- dense: 4
"""
LOST_BIAS = "input: 16\nbatch: {size: 8}\ntrials: 1\nlayers:\n- dense: 16\n- batch_norm\n- relu\n- dense: 4\n"


def judged(file: Path, *options: str) -> dict[str, Any]:
    result = call("run", file, "--format", "json", *options)
    assert result.exit_code == 0, result.stderr
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def rules_of(report: dict[str, Any]) -> set[str]:
    return {finding["rule"] for finding in report["findings"]}


def test_all_of_them(tmp_path: Path) -> None:
    assert rules_of(judged(small(tmp_path, text=SICK))) >= {"GS101", "GS106", "GS302", "GS306"}


@pytest.mark.parametrize("options", [["--select", "GS1,GS302"], ["--select", "GS1", "--select", " GS302"]])
def test_select(options: list[str], tmp_path: Path) -> None:
    report = judged(small(tmp_path, text=SICK), *options)
    assert rules_of(report) >= {"GS101", "GS302"}
    assert all(rule.startswith("GS1") or rule == "GS302" for rule in rules_of(report))
    others = {rule for rule in report["judged"] if not rule.startswith("GS1")}
    assert others == {"GS302", "GS401"}


def test_ignore_wins_over_select(tmp_path: Path) -> None:
    report = judged(small(tmp_path, text=SICK), "--select", "GS1", "--ignore", "GS101,GS106")
    assert not rules_of(report) & {"GS101", "GS106"}
    assert "GS107" in rules_of(report)
    assert (report["verdict"], "GS101" in report["judged"]) == ("healthy", False)


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--select", "GS9"], "no rule is called 'GS9' or begins with it"),
        (["--ignore", "GS101,GS1O2"], "no rule is called 'GS1O2' or begins with it; did you mean 'GS102'?"),
        (["--select", "gs101"], "no rule is called 'gs101' or begins with it; write GS101"),
        (["--select", "vanishing-gradient"], "or begins with it; write GS101"),
        (["--select", "GS101,"], "no rule is called '' or begins with it"),
        (
            ["--select", "GS101", "--ignore", "GS1"],
            "what is selected is ignored too, so that no rule is left",
        ),
        (["--select", "G", "--ignore", "GS"], "so that no rule is left; ignore less"),
        (["--ignore", "GS"], "so that no rule is left; ignore less"),
        (["--ignore", "GS1,GS2", "--ignore", "GS3,GS4"], "so that no rule is left; ignore less"),
    ],
)
def test_what_is_no_rule_is_refused(command: str, options: list[str], words: str, tmp_path: Path) -> None:
    result = call(command, small(tmp_path), *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_a_config_switches_off_and_regrades(tmp_path: Path) -> None:
    text = f"{SICK}rules: {{GS101: warning, GS106: off, GS306: error, GS302: {{min_gain: 0.1}}}}\n"
    report = judged(small(tmp_path, text=text))
    severities = {finding["rule"]: finding["severity"] for finding in report["findings"]}
    assert (severities["GS101"], severities["GS306"]) == ("warning", "error")
    assert not rules_of(report) & {"GS106", "GS302"}
    assert "GS106" not in report["judged"]
    assert call("check", small(tmp_path, text=text)).exit_code == 1


def test_a_config_sets_limits_and_the_optimizer(tmp_path: Path) -> None:
    mild = SICK.replace("repeat: 12", "repeat: 6")
    assert judged(small(tmp_path, text=mild))["verdict"] == "vanishing"
    assert judged(small(tmp_path, text=f"{mild}rules: {{optimizer: adam}}\n"))["verdict"] == "warning"
    lenient = f"{mild}rules: {{GS101: {{min_ratio: 1e-9, warn_ratio: 1e-9}}}}\n"
    assert "GS101" not in rules_of(judged(small(tmp_path, text=lenient)))


def test_a_comment_silences_a_rule_on_its_line(tmp_path: Path) -> None:
    assert "GS303" in rules_of(judged(small(tmp_path, text=LOST_BIAS)))
    for comment in ("ignore[GS303]", "ignore[GS101, GS3]"):
        text = LOST_BIAS.replace("- dense: 16\n", f"- dense: 16  # gradscope: {comment}\n")
        assert "GS303" not in rules_of(judged(small(tmp_path, text=text)))
    elsewhere = LOST_BIAS.replace("- relu\n", "- relu  # gradscope: ignore[GS303]\n")
    assert "GS303" in rules_of(judged(small(tmp_path, text=elsewhere)))


def test_what_a_config_says_of_unknown_rules_is_a_mistake(tmp_path: Path) -> None:
    text = f"{SICK}rules: {{GS999: off, GS101: {{max_ratio: 1}}}}\n".replace(
        "- sigmoid\n", "- sigmoid  # gradscope: ignore[GX1]\n"
    )
    result = call("check", small(tmp_path, text=text))
    assert result.exit_code == 2
    assert "unknown rule 'GX1' in a comment" in result.stdout
    assert "unknown rule 'GS999'" in result.stdout
    assert "unknown limit 'max_ratio' of GS101; did you mean 'min_ratio'?" in result.stdout
