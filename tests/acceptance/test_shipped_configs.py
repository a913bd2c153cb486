"""What each shipped config promises: the sick ones the rule their description tells of, the others no error;
and every figure of its description."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gradscope import diagnose, load_config
from tests.acceptance.figures_of_configs import FIGURES
from tests.acceptance.stated_figures import Stated, last_place, stated
from tests.cli.calls import call

CONFIGS = Path(__file__).parents[2] / "configs"

SICK = {
    "batch_norm_explodes": ("exploding", "GS102"),
    "deep_sigmoid": ("vanishing", "GS101"),
    "dying_relu": ("dead", "GS201"),
    "plain56_batch_norm": ("exploding", "GS102"),
    "residual_grows": ("exploding", "GS102"),
    "rnn_linear_gaussian": ("exploding", "GS109"),
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


@cache
def changed(name: str, changes: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    """The report with some knobs set."""
    return diagnose(load_config(CONFIGS / f"{name}.yaml", dict(changes)), jobs=1).to_dict()


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: f"{figure.config}: {figure.words}")
def test_every_figure_of_a_description_is_measured(
    figure: Stated, checked: tuple[int, dict[str, dict[str, Any]]]
) -> None:
    """To the last place that is written."""
    text = (CONFIGS / f"{figure.config}.yaml").read_text(encoding="utf-8")
    number = stated(figure.words, yaml.safe_load(text)["description"])
    name = figure.of or figure.config
    report = changed(name, tuple(figure.changes.items())) if figure.changes else checked[1][name]
    assert abs(figure.measure(report) - float(number)) <= 0.6 * last_place(number)
