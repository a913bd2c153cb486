"""Single trials: several batches, the gradients of single samples, and what first was no number."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradscope import diagnose, load_config
from gradscope.build import Plan, plan_of
from gradscope.engine import Array
from gradscope.probe.run import measure
from gradscope.probe.trace import Measured, Samples, TrialTrace
from tests.collecting import collect_network

BatchOf = Callable[[int, int], tuple[Array, Array]]


def planned(layers: list[Any], **rest: Any) -> Plan:
    return plan_of(load_config({"input": 6, "dtype": "float64", "layers": layers, "trials": 1, **rest}))


def trial_of(plan: Plan, batch: BatchOf | None = None, trial: int = 0) -> TrialTrace:
    """One trial, of batches that a test has changed when it gives them."""
    batches = batch or plan.batch
    return measure(
        plan.outline, lambda _: plan.network(trial), lambda _, number: batches(trial, number), trials=1
    ).trials[0]


def by_name(plan: Plan, trace: TrialTrace) -> dict[str, Measured]:
    return dict(zip([info.name for info in plan.layers], trace.layers, strict=True))


RELUS = [{"dense": 40}, "relu", {"dense": 40}, "relu", {"dense": 3}]


def test_units_are_dead_when_silent_on_every_batch() -> None:
    plan = planned(RELUS, batch={"size": 2, "count": 2})
    network = plan.network(0)
    outputs = [collect_network(network, *plan.batch(0, number)).outputs for number in range(2)]
    found = by_name(plan, trial_of(plan))
    for name in ("relu1", "relu2"):
        active = np.concatenate([passed[name] > 0.0 for passed in outputs])
        units = found[name].units
        assert units is not None
        assert units.dead_fraction == np.mean(~active.any(axis=0)) > 0.0
        assert units.inactive_fraction == pytest.approx(np.mean(~active))


def test_a_unit_active_once_in_a_hundred_is_not_rare_and_below_that_it_is() -> None:
    plan = planned(["relu", {"dense": 3}], batch={"size": 50, "count": 4})
    active = [0, 1, 2, 3, 100, 200]

    def batch(trial: int, number: int) -> tuple[Array, Array]:
        rows = np.arange(50 * number, 50 * (number + 1))
        return np.where(rows[:, None] < active, 1.0, -1.0), plan.batch(trial, number)[1]

    units = trial_of(plan, batch).layers[0].units
    assert units is not None
    assert units.dead_fraction == pytest.approx(1 / 6)
    assert units.rarely_active_fraction == pytest.approx(2 / 6), "never, and once in 200"
    assert units.inactive_fraction == pytest.approx(1.0 - sum(active) / 1200)


def test_units_of_a_sequence_are_features_over_all_steps() -> None:
    plan = planned(["relu", {"dense": 3}], input={"length": 4, "features": 6}, batch={"size": 2})

    def batch(trial: int, number: int) -> tuple[Array, Array]:
        inputs = -np.ones((2, 4, 6))
        inputs[1, 3, 2] = 1.0
        return inputs, plan.batch(trial, number)[1]

    units = trial_of(plan, batch).layers[0].units
    assert units is not None
    assert units.dead_fraction == pytest.approx(5 / 6)
    assert units.inactive_fraction == pytest.approx(47 / 48)


def test_every_norm_is_the_geometric_mean_over_batches() -> None:
    plan = planned([{"dense": 5}, "prelu", "layer_norm", {"dense": 3}], batch={"size": 4, "count": 2})
    both = trial_of(plan)
    single = replace(plan.outline, batch_count=1)
    alone = [
        measure(single, plan.network, lambda _, __, n=n: plan.batch(0, n), trials=1).trials[0]  # type: ignore[misc]
        for n in range(2)
    ]
    for number, layer in enumerate(both.layers):
        for role, norm in layer.gradients.items():
            logs = [trace.layers[number].gradients[role].log10_l2 for trace in alone]
            assert norm.log10_l2 == pytest.approx(np.mean(logs))
        if layer.samples is not None:
            logs = [trace.layers[number].samples.log10_mean_l2 for trace in alone]  # type: ignore[union-attr]
            assert layer.samples.log10_mean_l2 == pytest.approx(np.mean(logs))
        assert layer.output.rms == pytest.approx(
            np.mean([trace.layers[number].output.rms for trace in alone])
        )


def test_dropout_draws_a_mask_for_every_batch() -> None:
    plan = planned([{"dropout": 0.5}, {"dense": 3}], batch={"size": 8, "count": 2})
    fixed = plan.batch(0, 0)
    twice = trial_of(plan, lambda trial, number: fixed)
    once = measure(replace(plan.outline, batch_count=1), plan.network, lambda *_: fixed, trials=1).trials[0]
    assert twice.layers[0].output.zero_fraction != once.layers[0].output.zero_fraction


def samples_of(trace: TrialTrace, number: int = 0) -> Samples:
    samples = trace.layers[number].samples
    assert samples is not None
    return samples


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_samples_have_no_noise(dtype: str) -> None:
    plan = planned([{"dense": 7}, "tanh", {"dense": 3}], dtype=dtype, batch={"size": 8})
    inputs, targets = plan.batch(0)
    trace = trial_of(plan, lambda *_: (np.repeat(inputs[:1], 8, axis=0), np.repeat(targets[:1], 8, axis=0)))
    assert samples_of(trace).noise_scale == pytest.approx(0.0, abs=1e-5)
    assert samples_of(trace).noise_scale >= 0.0  # type: ignore[operator]
    assert samples_of(trace).log10_mean_l2 == pytest.approx(trace.layers[0].gradients["weight"].log10_l2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_orthogonal_samples_have_no_noise_scale(dtype: str) -> None:
    plan = planned([{"dense": 7}, "tanh", {"dense": 3}], dtype=dtype, batch={"size": 6})
    one_hot = np.eye(6, dtype=dtype)
    trace = trial_of(plan, lambda *_: (one_hot, plan.batch(0)[1]))
    assert samples_of(trace).noise_scale is None, "|G|² is the mean of |g|² over 6: the estimate is zero"


def test_one_sample_has_no_noise_scale_and_its_gradient_is_the_batchs() -> None:
    trace = trial_of(planned([{"dense": 3}], batch={"size": 1}))
    assert samples_of(trace).noise_scale is None
    assert samples_of(trace).log10_mean_l2 == pytest.approx(trace.layers[0].gradients["weight"].log10_l2)


def test_samples_without_any_gradient() -> None:
    trace = trial_of(planned([{"dense": 4}, {"dense": {"units": 3, "init": "zeros"}}]))
    assert samples_of(trace) == Samples(-math.inf, None)
    assert trace.flow.log10_ratio == -math.inf


def test_a_nan_in_the_second_batch_is_seen() -> None:
    plan = planned(RELUS, batch={"size": 4, "count": 2})

    def batch(trial: int, number: int) -> tuple[Array, Array]:
        inputs, targets = plan.batch(trial, number)
        return inputs * (math.nan if number else 1.0), targets

    trace = trial_of(plan, batch)
    assert trace.origin == "input"
    assert not math.isfinite(trace.flow.log10_ratio)
    assert all(math.isnan(layer.output_grad.log10_l2) for layer in trace.layers)


def test_an_infinite_loss_of_finite_outputs_is_seen() -> None:
    source = {
        "input": 4,
        "batch": {"size": 3, "inputs": {"normal": {"std": 1e100}}},
        "init": {"normal": {"std": 1e100}},
        "dtype": "float64",
        "loss": "mse",
        "layers": [{"dense": 3}],
    }
    report = diagnose(load_config(source))
    assert report.loss.mean == math.inf
    assert all(layer.output.is_finite for layer in report.layers)
    assert report.verdict == "non_finite"
    assert [(found.rule, found.layer) for found in report.findings if found.rule == "GS401"] == [
        ("GS401", "loss")
    ]


def test_an_overflow_on_the_way_back_alone_names_the_layer_it_was_in() -> None:
    tiny = {"size": 4, "inputs": {"normal": {"std": 1e-30}}}
    layers = [
        {"dense": {"units": 4, "init": {"normal": {"std": 1e-6}}}},
        {"dense": {"units": 4, "init": {"normal": {"std": 1e38}}}},
        {"dense": {"units": 3, "init": {"normal": {"std": 1.0}}}},
    ]
    plan = planned(layers, dtype="float32", batch=tiny, loss="random_cotangent")
    trace = trial_of(plan)
    assert all(layer.output.is_finite for layer in trace.layers)
    assert trace.origin == "gradient of dense2"


def test_a_sum_that_overflows_in_a_container_names_the_container() -> None:
    branch = {"dense": {"units": 6, "init": {"normal": {"std": 1e36}}, "bias": False}}
    layers = [{"residual": {"layers": [branch], "scale": 1e5}}, {"dense": 3}]
    trace = trial_of(planned(layers, dtype="float32"))
    assert trace.origin == "residual1"


def test_a_branch_of_an_infinite_number_of_decades_below_is_kept() -> None:
    layers = [{"residual": {"layers": [{"dense": 6}], "scale": 1e-200}}] * 3 + [{"dense": 3}]
    found = by_name(plan := planned(layers, dtype="float32"), trial_of(plan))
    for number in (1, 2, 3):
        below = found[f"residual{number}.dense1"].output_grad.log10_l2
        assert below == pytest.approx(found[f"residual{number}"].output_grad.log10_l2 - 200.0, abs=1e-4)


def test_the_input_is_measured_too() -> None:
    plan = planned([{"dense": 3}], batch={"size": 16, "inputs": {"normal": {"mean": 3.0, "std": 0.5}}})
    inputs, _ = plan.batch(0)
    trace = trial_of(plan)
    assert trace.inputs.mean == pytest.approx(inputs.mean())
    assert trace.inputs.std == pytest.approx(inputs.std())
