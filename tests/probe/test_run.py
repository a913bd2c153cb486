"""Whole runs: what is averaged over batches and trials, where a NaN comes from, the traps of averaging."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import gradscope
from gradscope.build import plan_of
from gradscope.probe.run import measure
from gradscope.probe.summary import summarise_layers
from gradscope.report import Report
from gradscope.rules.base import Case
from gradscope.rules.judge import judge, verdict
from gradscope.rules.policy import Policy


def diagnosed(source: dict[str, Any], **options: Any) -> Report:
    return gradscope.diagnose(gradscope.load_config(source), **options)


def stack(depth: int, width: int, act: str | None, **rest: Any) -> dict[str, Any]:
    layers = [{"dense": width}, act] if act else [{"dense": width}]
    return {"input": width, "layers": [{"repeat": depth, "layers": layers}, {"dense": 10}], **rest}


def test_three_hundred_sigmoid_layers_are_a_number() -> None:
    report = diagnosed(stack(300, 64, "sigmoid", init="glorot_uniform"))
    first = report.layers[0].output_grad
    assert -200.0 < first.log10_l2 < -180.0
    assert first.l2 == pytest.approx(10.0**first.log10_l2)
    assert report.verdict == "vanishing"


def test_gradients_explode_by_hundreds_of_decades_and_the_overflow_is_located() -> None:
    source = stack(400, 64, None, init={"variance": 100}, loss="random_cotangent")
    report = diagnosed(source)
    assert report.layers[0].output_grad.log10_l2 == pytest.approx(401, abs=5)
    assert report.layers[0].output_grad.l2 == math.inf
    assert report.verdict == "non_finite"
    (found,) = (finding for finding in report.findings if finding.rule == "GS401")
    assert found.layer in ("dense37", "dense38", "dense39", "dense40")


def test_the_overflow_is_where_float64_passes_the_end_of_float32() -> None:
    source = stack(60, 32, None, init={"variance": 100}, loss="random_cotangent", trials=1)
    report = diagnosed({**source, "dtype": "float64"})
    largest = [max(abs(layer.output.min), abs(layer.output.max)) for layer in report.layers]
    first = next(n for n, value in enumerate(largest) if value > float(np.finfo(np.float32).max))
    (found,) = (finding for finding in diagnosed(source).findings if finding.rule == "GS401")
    assert found.layer == report.layers[first].name


def test_a_residual_branch_keeps_a_tiny_gradient() -> None:
    branch = [{"dense": {"units": 16, "init": {"variance": 1e-60}}}, {"dense": 16}]
    source = {"input": 16, "dtype": "float64", "layers": [{"residual": branch}] * 3 + [{"dense": 4}]}
    report = diagnosed({**source, "init": "lecun_normal"})
    inner = next(layer for layer in report.layers if layer.name == "residual1.dense1")
    assert -60 < inner.output_grad.log10_l2 < 0
    source = {"input": 16, "layers": [{"residual": {"layers": branch, "scale": 1e-300}}] * 2 + [{"dense": 4}]}
    report = diagnosed({**source, "init": "lecun_normal"})
    inner = next(layer for layer in report.layers if layer.name == "residual1.dense2")
    assert -303 < inner.output_grad.log10_l2 < -297
    assert math.isfinite(inner.output_grad.log10_l2)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_bad_number_in_a_file_names_the_input(tmp_path: Path, bad: float) -> None:
    rows = np.ones((8, 4), dtype=np.float32)
    rows[3, 2] = bad
    np.save(tmp_path / "rows.npy", rows)
    inputs = {"file": {"path": str(tmp_path / "rows.npy")}}
    report = diagnosed({"input": 4, "layers": [{"dense": 3}], "batch": {"size": 8, "inputs": inputs}})
    assert report.verdict == "non_finite"
    assert [finding.layer for finding in report.findings if finding.rule == "GS401"] == ["input"]


def test_a_normalisation_of_what_does_not_vary_is_named() -> None:
    layers = [{"dense": {"units": 4, "init": "zeros"}}, {"batch_norm": {"eps": 0}}, {"dense": 3}]
    report = diagnosed({"input": 4, "layers": layers, "init": "he_normal"})
    (found,) = (finding for finding in report.findings if finding.rule == "GS401")
    assert found.layer == "batch_norm1"


def test_an_infinite_weight_is_named() -> None:
    layers = [{"dense": 4}, "relu", {"dense": {"units": 4, "init": {"normal": {"std": 1e300}}}}, {"dense": 3}]
    report = diagnosed({"input": 4, "layers": layers, "init": "he_normal"})
    (found,) = (finding for finding in report.findings if finding.rule == "GS401")
    assert found.layer == "dense2"


def test_one_bad_trial_of_three_is_never_healthy() -> None:
    config = gradscope.load_config(stack(3, 8, "relu", init="he_normal"))
    plan = plan_of(config)

    def batch(trial: int, number: int) -> tuple[Any, Any]:
        inputs, targets = plan.batch(trial, number)
        return (inputs * math.nan if trial == 1 else inputs), targets

    trace = measure(plan.outline, plan.network, batch, trials=3)
    assert [trial.origin for trial in trace.trials] == [None, "input", None]
    assert verdict(judge(Case(trace.outline, trace.trials), Policy())) == "non_finite"


def test_a_trial_that_is_exactly_zero_is_counted_and_left_out_of_the_mean() -> None:
    config = gradscope.load_config({"input": 4, "layers": [{"dense": 4}, "relu", {"dense": 3}], "trials": 3})
    plan = plan_of(config)

    def batch(trial: int, number: int) -> tuple[Any, Any]:
        inputs, targets = plan.batch(trial, number)
        return (inputs * 0 if trial == 1 else inputs), targets

    trace = measure(plan.outline, plan.network, batch, trials=3)
    grad = summarise_layers(trace)[0].weight_grad
    assert grad is not None
    logs = [trial.layers[0].gradients["weight"].log10_l2 for trial in trace.trials]
    assert logs[1] == -math.inf
    assert grad.zero_trials == 1
    assert grad.log10_l2 == pytest.approx((logs[0] + logs[2]) / 2)
    assert grad.log10_l2_std == pytest.approx(np.std([logs[0], logs[2]], ddof=1))


def test_one_vanished_layer_is_not_hidden_by_the_largest() -> None:
    planted = {"dense": {"units": 32, "init": {"he_normal": {"gain": 1e-6}}}}
    layers = [{"dense": 32}, "relu"] * 5 + [planted, "relu"] + [{"dense": 32}, "relu"] * 5 + [{"dense": 10}]
    report = diagnosed({"input": 32, "layers": layers, "init": "he_normal"})
    assert report.verdict == "vanishing"
    assert [f.layer for f in report.findings if f.rule == "GS105"] == ["dense6"]


def test_norms_are_averaged_over_batches_and_units_judged_over_all_of_them() -> None:
    source = stack(2, 16, "relu", init="he_normal", trials=1)
    both = diagnosed({**source, "batch": {"size": 8, "count": 2}})
    config = gradscope.load_config({**source, "batch": {"size": 8, "count": 2}})
    plan = plan_of(config)
    alone = [
        measure(
            replace(plan.outline, batch_count=1),
            plan.network,
            lambda trial, _, number=number: plan.batch(trial, number),
            trials=1,
        ).trials[0]
        for number in (0, 1)
    ]
    logs = [trace.layers[0].output_grad.log10_l2 for trace in alone]
    assert both.layers[0].output_grad.log10_l2 == pytest.approx(np.mean(logs))
    dead = [trace.layers[3].units.dead_fraction for trace in alone]
    assert both.layers[3].dead_fraction <= min(dead)
    assert both.loss.mean == pytest.approx(np.mean([trace.loss for trace in alone]))


def same(report: Report) -> dict[str, Any]:
    return msgspec.structs.replace(report, wall_seconds=0.0).to_dict()


@pytest.mark.parametrize("width", [32, 400])
def test_the_report_is_the_same_to_the_bit_for_any_jobs(width: int) -> None:
    source = stack(6, width, "tanh", trials=3, batch={"size": 16, "count": 2})
    source["layers"].insert(1, {"dropout": 0.3})
    first = same(diagnosed(source, jobs=1))
    for jobs in (1, 2, 8):
        assert same(diagnosed(source, jobs=jobs)) == first


def test_weights_made_again_give_the_same_bits() -> None:
    plan = plan_of(gradscope.load_config(stack(4, 400, "relu", trials=1)))
    held = measure(plan.outline, plan.network, plan.batch, trials=1)
    replayed = measure(plan.outline, lambda trial: plan.network(trial, hold=0), plan.batch, trials=1, jobs=2)
    assert held.trials == replayed.trials


def test_a_fresh_process_gives_the_same_numbers_and_no_warning_of_numpy() -> None:
    code = (
        "import gradscope, json, sys\n"
        "source = json.loads(sys.argv[1])\n"
        "report = gradscope.diagnose(gradscope.load_config(source)).to_dict()\n"
        "report['wall_seconds'] = 0.0\n"
        "print(json.dumps(report))\n"
    )
    source = stack(60, 32, None, init={"variance": 1000}, trials=2)
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(source)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == json.loads(json.dumps(same(diagnosed(source))))
