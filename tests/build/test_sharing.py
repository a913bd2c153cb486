"""`share: true`: one set of parameters, counted once, whose gradient is the sum over its uses."""

from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

from gradscope import build_network, diagnose, load_config, make_batch
from gradscope.config.schema import Config
from tests.build.planning import messages_of, plan_of
from tests.collecting import collect_network

DENSE = {"dense": 6}


def shared(*layers: Any, count: int = 3, **rest: Any) -> Config:
    trunk = [{"repeat": count, "share": True, "layers": list(layers)}, {"dense": 2}]
    return load_config({"input": 6, "dtype": "float64", "trials": 1, "layers": trunk, **rest})


def test_parameters_are_the_same_and_listed_once() -> None:
    network = build_network(shared(DENSE, "tanh"))
    assert list(network.parameters()) == ["dense1.weight", "dense1.bias", "dense4.weight", "dense4.bias"]
    steps = {step.info.name: step for step in network.layers()}
    for name in ("dense2", "dense3"):
        assert steps[name].info.shares == "dense1"
        for ours, theirs in zip(steps["dense1"].weights(), steps[name].weights(), strict=True):
            assert ours is theirs


def test_parameters_are_counted_once() -> None:
    report = diagnose(shared(DENSE, "batch_norm", {"prelu": {"learned": True}}))
    assert report.parameters == (6 * 6 + 6) + (6 + 6) + 6 + (6 * 2 + 2)
    assert [layer.parameters for layer in report.layers if layer.kind == "dense"] == [42, 0, 0, 14]


def test_without_share_every_copy_has_its_own() -> None:
    network = build_network(load_config({"input": 6, "layers": [{"repeat": 2, "layers": [DENSE]}]}))
    weights = network.parameters()
    assert not np.array_equal(weights["dense1.weight"], weights["dense2.weight"])


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
def test_gradient_is_the_sum_over_uses(activation: str) -> None:
    config = shared(DENSE, activation, loss="mse")
    heard = collect_network(build_network(config), *make_batch(config))
    report = {layer.name: layer for layer in diagnose(config).layers}
    for parameter, norm in (("weight", report["dense1"].weight_grad), ("bias", report["dense1"].bias_grad)):
        total = sum(heard.gradients[f"dense{number}.{parameter}"] for number in (1, 2, 3))
        assert norm is not None
        assert norm.l2 == pytest.approx(float(np.linalg.norm(total)), rel=1e-12)
    assert report["dense2"].weight_grad is None
    assert report["dense2"].shares == "dense1"


def test_gradient_is_that_of_the_loss() -> None:
    """All shared weights are one constant c: dL/dc is the sum of all entries of the gradient."""

    def loss(value: float) -> tuple[float, float]:
        init = {"constant": {"value": value}}
        config = shared({"dense": {"units": 6, "init": init, "bias_init": "zeros"}}, "tanh", loss="mse")
        network, batch = build_network(config), make_batch(config)
        heard = collect_network(network, *batch)
        slope = sum(float(heard.gradients[f"dense{number}.weight"].sum()) for number in (1, 2, 3))
        found = network.backpropagate(*batch)[0]
        assert found is not None
        return found, slope

    step = 1e-6
    assert loss(0.1)[1] == pytest.approx((loss(0.1 + step)[0] - loss(0.1 - step)[0]) / (2.0 * step), rel=1e-6)


def test_containers_are_shared_with_all_that_is_inside() -> None:
    network = build_network(shared({"residual": {"layers": [DENSE, "relu"], "shortcut": [DENSE]}}, count=2))
    assert [name for name in network.parameters() if name.endswith("weight")] == [
        "residual1.shortcut.dense1.weight",
        "residual1.dense1.weight",
        "dense3.weight",
    ]


def test_repeats_inside_shared_repeats() -> None:
    inner = {"repeat": 2, "layers": [DENSE]}
    infos = {step.info.name: step.info.shares for step in build_network(shared(inner, count=2)).layers()}
    assert infos == {"dense1": None, "dense2": None, "dense3": "dense1", "dense4": "dense2", "dense5": None}
    inner["share"] = True
    infos = {step.info.name: step.info.shares for step in build_network(shared(inner, count=2)).layers()}
    assert infos == {
        "dense1": None,
        "dense2": "dense1",
        "dense3": "dense1",
        "dense4": "dense1",
        "dense5": None,
    }


def test_one_set_in_a_shared_net_is_the_same_as_in_a_plain_one() -> None:
    plain = build_network(
        load_config({"input": 6, "dtype": "float64", "layers": [DENSE, "tanh"]})
    ).parameters()
    npt.assert_array_equal(
        build_network(shared(DENSE, "tanh")).parameters()["dense1.weight"], plain["dense1.weight"]
    )


def test_a_mistake_outside_the_shared_copies_is_still_told() -> None:
    text = (
        "input: 8\nlayers:\n  - residual:\n      layers: [{repeat: 2, share: true, layers: [dense: 4]}]\n"
        "      shortcut: [group_norm: 3]\n"
    )
    messages = messages_of(text)
    assert len(messages) == 2
    assert messages[1] == "net.yaml:5:18: 3 groups do not divide 8 features; use one of 1, 2, 4, 8"


def test_shared_outline_counts_nothing_twice() -> None:
    layers = plan_of([{"repeat": 4, "share": True, "layers": [DENSE]}, {"dense": 2}]).layers
    assert sum(info.parameters for info in layers) == 42 + 14


def test_a_tied_layer_uses_the_table_and_has_a_bias_of_its_own() -> None:
    source = {
        "input": {"length": 5, "vocab": 7},
        "layers": [{"embedding": 4}, {"dense": {"tied": "embedding1"}}],
    }
    report = diagnose(load_config(source))
    assert [(layer.shares, layer.parameters) for layer in report.layers] == [(None, 28), ("embedding1", 7)]
