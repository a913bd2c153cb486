"""What each shipped config promises: the sick ones the rule their description tells of, the others no
error."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import call

CONFIGS = Path(__file__).parents[2] / "configs"

SICK = {
    "batch_norm_explodes": ("exploding", "GS102"),
    "deep_sigmoid": ("vanishing", "GS101"),
    "dying_relu": ("dead", "GS201"),
    "plain56_batch_norm": ("exploding", "GS102"),
    "residual_grows": ("exploding", "GS102"),
    "sigmoid_stands_still": ("vanishing", "GS101"),
    "torch_default_relu_20": ("vanishing", "GS101"),
    "xavier_relu_30": ("vanishing", "GS101"),
}
"""Verdict, and the rule that is an error."""

QUESTIONABLE = {"unscaled_pixels": "GS305"}
"""A warning is what they show."""


@pytest.fixture(scope="module")
def checked() -> tuple[int, dict[str, dict[str, Any]]]:
    result = call("check", CONFIGS, "--format", "json")
    document = json.loads(result.stdout)
    assert document["problems"] == []
    return result.exit_code, {Path(report["source"]).stem: report for report in document["reports"]}


def test_the_folder_fails(checked: tuple[int, dict[str, dict[str, Any]]]) -> None:
    code, reports = checked
    assert code == 1
    assert set(reports) == {file.stem for file in CONFIGS.rglob("*.yaml")}
    assert {*SICK, *QUESTIONABLE} <= set(reports)


@pytest.mark.parametrize("name", sorted(file.stem for file in CONFIGS.rglob("*.yaml")))
def test_every_config_keeps_its_promise(name: str, checked: tuple[int, dict[str, dict[str, Any]]]) -> None:
    report = checked[1][name]
    found = {finding["rule"]: finding["severity"] for finding in report["findings"]}
    if name in SICK:
        verdict, rule = SICK[name]
        assert (report["verdict"], found[rule]) == (verdict, "error")
    elif name in QUESTIONABLE:
        assert (report["verdict"], found[QUESTIONABLE[name]]) == ("warning", "warning")
    else:
        assert (report["verdict"] in ("healthy", "warning"), "error" in found.values()) == (True, False)
