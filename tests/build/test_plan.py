"""The plan of a config: the same network for the same trial, held in memory or drawn again."""

from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

from gradscope import build_network, load_config, make_batch
from gradscope.probe.run import measure
from tests.build.planning import plan_of, plan_of_config

NET: list[Any] = [
    {"dense": 12},
    "batch_norm",
    "relu",
    {"dropout": 0.3},
    {"residual": {"layers": [{"dense": {"units": 12, "init": "orthogonal"}}], "scale": {"learned": 0.5}}},
    {"dense": 3},
]


def test_the_network_of_a_trial_is_repeatable() -> None:
    plan = plan_of(NET)
    first, again, other = (plan.network(trial).parameters() for trial in (1, 1, 2))
    assert list(first) == list(again) == list(other)
    for name in first:
        npt.assert_array_equal(first[name], again[name])
    assert not np.array_equal(first["dense1.weight"], other["dense1.weight"])
    ours = build_network(plan.config, trial=1).parameters()
    npt.assert_array_equal(ours["dense1.weight"], first["dense1.weight"])


def test_the_seed_changes_everything_that_is_drawn() -> None:
    ours, theirs = (plan_of(NET, seed=seed) for seed in (0, 1))
    assert not np.array_equal(
        ours.network(0).parameters()["dense1.weight"], theirs.network(0).parameters()["dense1.weight"]
    )
    for left, right in zip(ours.batch(0), theirs.batch(0), strict=True):
        assert not np.array_equal(left, right)


def test_batches_are_repeatable_and_differ_by_trial_and_number() -> None:
    plan = plan_of(NET)
    inputs = [plan.batch(trial, number)[0] for trial, number in ((0, 0), (0, 1), (1, 0))]
    assert len({array.tobytes() for array in inputs}) == 3
    npt.assert_array_equal(plan.batch(0, 1)[0], make_batch(plan.config, 0, 1)[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_replayed_weights_are_the_held_ones(dtype: str) -> None:
    plan = plan_of(NET, dtype=dtype)
    held, replayed = plan.network(0, hold=10**9), plan.network(0, hold=0)
    for name, array in held.parameters().items():
        npt.assert_array_equal(replayed.parameters()[name], array)
    batch = plan.batch(0)
    assert held.backpropagate(*batch)[0] == replayed.backpropagate(*batch)[0]


def test_measurements_do_not_depend_on_what_is_held() -> None:
    plan = plan_of([{"repeat": 3, "layers": [{"dense": 300}, "tanh"]}, {"dense": 3}], trials=1)
    held, replayed = (
        measure(plan.outline, lambda trial, hold=hold: plan.network(trial, hold=hold), plan.batch, trials=1)
        for hold in (10**9, 0)
    )
    assert held.trials == replayed.trials


def test_parameters_match_what_the_outline_counts() -> None:
    plan = plan_of(NET)
    network = plan.network(0)
    counted = {step.info.name: sum(a.size for a in step.parameters().values()) for step in network.layers()}
    assert counted == {info.name: info.parameters for info in plan.layers}


def test_shapes_of_parameters_and_outputs() -> None:
    plan = plan_of([{"dense": 12}, "relu", {"dense": {"units": 3, "bias": False}}])
    shapes = {name: array.shape for name, array in plan.network(0).parameters().items()}
    assert shapes["dense1.weight"] == (6, 12)
    assert shapes["dense2.weight"] == (12, 3)
    assert "dense2.bias" not in shapes
    assert [info.output_shape for info in plan.layers] == [(12,), (12,), (3,)]


def test_dense_acts_on_every_position_of_a_sequence() -> None:
    plan = plan_of_config(
        {"input": {"length": 5, "features": 4}, "batch": {"size": 2}, "layers": [{"dense": 7}]}
    )
    inputs, targets = plan.batch(0)
    assert inputs.shape == (2, 5, 4)
    assert targets.shape == (2, 5)
    assert plan.network(0).forward(inputs).shape == (2, 5, 7)


def test_a_scale_beyond_float32_is_infinite_without_a_word_of_numpy() -> None:
    branch = {"residual": {"layers": [{"dense": 4}], "scale": {"learned": 1e155}}}
    network = build_network(load_config({"input": 4, "layers": [branch, {"prelu": 1e60}, {"dense": 2}]}))
    assert all(np.isinf(network.parameters()[name]).all() for name in ("residual1.scale", "prelu1.slope"))
