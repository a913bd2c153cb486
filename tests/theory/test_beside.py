"""Theory beside what was measured: in the report, where it stops, and what it says of the causes."""

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import gradscope
from gradscope.render.columns import THEORY
from gradscope.render.rows import rows_of
from gradscope.report import Report

CONFIGS = Path(__file__).parents[2] / "configs"


def report_of(name: str, **overrides: object) -> Report:
    return gradscope.diagnose(gradscope.load_config(CONFIGS / f"{name}.yaml", overrides))


def test_every_layer_has_what_was_expected_of_it() -> None:
    report = report_of("deep_sigmoid")
    last = report.layers[-1].output_grad.log10_l2
    for layer in report.layers:
        assert layer.theory is not None
        assert layer.theory.deviation is not None
        # What was measured of three draws is where one draw is to be expected.
        assert abs(layer.theory.deviation) < 3.0
        off = layer.output_grad.log10_l2 - layer.theory.log10_l2
        assert off == pytest.approx(layer.theory.deviation * layer.theory.log10_l2_std, abs=1e-9)
    first = report.layers[0].theory
    assert first is not None
    assert report.theory is not None
    assert report.theory.log10_ratio == pytest.approx(first.log10_l2 - last)
    assert report.theory.log10_ratio == pytest.approx(report.flow.log10_ratio, abs=0.2)


@pytest.mark.parametrize("name", ["lstm_forget_bias", "gru", "rnn_tanh_gaussian"])
def test_nothing_is_guessed_where_theory_does_not_reach(name: str) -> None:
    report = report_of(name, trials=1)
    assert all(layer.theory is None for layer in report.layers)
    assert report.theory is not None
    assert report.theory.log10_ratio is None
    assert report.theory.unreached is not None
    assert "there is no law for" in report.theory.unreached
    assert not report.root_cause


def test_the_dead_share_of_he_networks_stands_in_the_report() -> None:
    # Cho & Saul 2009: eight orthogonal samples of equal norm behind ReLU layers without biases.
    config = {
        "input": 4096,
        "init": "he_normal",
        "batch": {"size": 8},
        "trials": 1,
        "layers": [{"repeat": 6, "layers": [{"dense": {"units": 32, "bias": False}}, "relu"]}, {"dense": 10}],
    }
    report = gradscope.diagnose(gradscope.load_config(config))
    shares = [layer.theory.dead_fraction for layer in report.layers if layer.kind == "relu" and layer.theory]
    assert shares == pytest.approx([0.003906, 0.056754, 0.108945, 0.150798, 0.184368, 0.211793], abs=1e-6)


def test_few_live_units_are_likelier_than_a_mistake() -> None:
    (found,) = (finding for finding in report_of("dying_relu").findings if finding.rule == "GS113")
    assert found.severity == "note"
    assert found.layer == "dense2"
    assert "likelier an effect of few units" in found.message


def test_empty_rows_of_the_data_are_likelier_a_mistake(tmp_path: Path) -> None:
    rows = np.zeros((64, 100))
    rows[:4] = np.random.default_rng(0).standard_normal((4, 100))
    np.save(tmp_path / "rows.npy", rows)
    text = "input: 100\ninit: he_normal\nbatch: {size: 64, inputs: {file: {path: rows.npy}}}\nlayers:\n"
    file = tmp_path / "net.yaml"
    file.write_text(text + "  - {repeat: 5, layers: [dense: 200, relu]}\n  - dense: 10\n", encoding="utf-8")
    report = gradscope.diagnose(gradscope.load_config(file))
    (found,) = (finding for finding in report.findings if finding.rule == "GS113")
    assert "likelier a mistake than few units: the samples of the data differ in size" in found.message


@pytest.mark.parametrize(
    ("init", "words"),
    [("orthogonal", "hardly differ"), ("lecun_normal", "differ by a factor of 1.01 only")],
)
def test_where_draws_are_alike_a_mistake_is_likelier(init: str, words: str) -> None:
    config: dict[str, Any] = {"input": 64, "init": init, "rules": {"GS113": {"sigmas": 1e-6}}, "trials": 1}
    config["layers"] = [{"dense": 128}, {"dense": 32}]
    report = gradscope.diagnose(gradscope.load_config(config))
    (found,) = (finding for finding in report.findings if finding.rule == "GS113")
    assert f"single draws of this width {words}, so a mistake in the config is likelier" in found.message


def test_the_first_cause_and_what_each_explains() -> None:
    report = report_of("unscaled_pixels")
    first, second = report.root_cause
    assert (first.cause, second.cause) == ("input", "init")
    assert "saturates sigmoid1" in first.message
    assert first.decades + second.decades == pytest.approx(report.flow.log10_ratio, abs=0.15)
    # The same network, measured on inputs that are scaled.
    scaled = report_of("unscaled_pixels", **{"batch.inputs": "normal"})
    assert scaled.flow.log10_ratio - report.flow.log10_ratio == pytest.approx(-first.decades, abs=0.1)


@pytest.mark.parametrize(
    ("name", "cause"),
    [("deep_sigmoid", "init"), ("batch_norm_explodes", "normalisation"), ("residual_grows", "residual")],
)
def test_causes_of_the_textbook_cases(name: str, cause: str) -> None:
    report = report_of(name, trials=1)
    (found,) = report.root_cause
    assert found.cause == cause
    assert found.decades == pytest.approx(report.flow.log10_ratio, rel=0.15)


def test_sound_networks_have_no_cause_to_name() -> None:
    report = report_of("deep_relu_he", trials=1)
    assert report.root_cause == ()
    assert not [finding for finding in report.findings if finding.rule == "GS113"]


def test_a_zero_or_nan_is_no_deviation() -> None:
    config = {"input": 8, "init": "zeros", "trials": 1, "layers": [{"dense": 8}, "tanh", {"dense": 2}]}
    report = gradscope.diagnose(gradscope.load_config(config))
    for layer in report.layers:
        deviation = layer.theory and layer.theory.deviation
        assert deviation is None or math.isfinite(deviation)
    assert json.dumps(report.to_dict(), allow_nan=False)
    assert msgspec.to_builtins(report.theory)


@pytest.mark.parametrize(("limit", "is_marked"), [(1, True), (1e9, False)])
def test_the_mark_in_the_table_moves_with_the_limit_of_the_rule(limit: float, is_marked: bool) -> None:
    report = report_of("dying_relu", rules={"GS113": {"sigmas": limit}})
    marked = [row.layer.name for row in rows_of(report) if THEORY.text(row).startswith("≠")]
    assert bool(marked) == is_marked
    assert any(finding.rule == "GS113" for finding in report.findings) == is_marked
