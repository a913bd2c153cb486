"""Recurrent layers, attention and what belongs to tokens: what they are called, what is drawn, where
gradients flow."""

import math
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

from gradscope.engine import Array
from tests.build.planning import plan_of_config

SEQUENCE = {"input": {"length": 5, "features": 6}, "loss": "random_cotangent"}
TOKENS = {"input": {"length": 5, "vocab": 40}, "loss": "random_cotangent"}

EVERYTHING: list[Any] = [
    {"embedding": 8},
    "positional",
    {"transformer_block": {"heads": 2, "out_init": {"normal": {"std": 0.1}}}},
    {
        "transformer_block": {
            "heads": 4,
            "norm": "post",
            "norm_kind": "rms_norm",
            "gated": True,
            "mlp_ratio": 2.5,
        }
    },
    {"lstm": {"units": 5, "bidirectional": True}},
    {"gru": 4},
    {"rnn": {"units": 4, "init": "he_normal"}},
    {"maxout": {"units": 3, "pieces": 3}},
    "transpose",
    {"glu": 8},
    "transpose",
    {"dense": {"units": 8, "init": "orthogonal"}},
    {"dense": {"tied": "embedding1"}},
]


def parameters(layer: dict[str, Any], source: dict[str, Any] = SEQUENCE, **rest: Any) -> dict[str, Array]:
    """Of the first layer, without its name."""
    network = plan_of_config({**source, "layers": [layer], "dtype": "float64", **rest}).network(0)
    return {name.partition(".")[2]: array for name, array in network.parameters().items()}


def check_uniform(array: Array, bound: float) -> None:
    """U(−bound, bound) by its range and variance."""
    assert np.abs(array).max() <= bound
    npt.assert_allclose(array.std(), bound / math.sqrt(3.0), rtol=0.1)


# Names and places


@pytest.mark.parametrize(("scale", "names"), [(0.25, set()), ({"learned": 0.25}, {"scale"})])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_scale_of_a_block_is_that_of_its_residual_layers(norm: str, scale: Any, names: set[str]) -> None:
    block = {"heads": 2, "norm": norm, "scale": scale}
    plan = plan_of_config({**SEQUENCE, "layers": [{"transformer_block": block}]})
    assert [info.scale for info in plan.layers if info.kind == "residual"] == [0.25, 0.25]
    residuals = [step for step in plan.network(0).layers() if step.info.kind == "residual"]
    assert [set(step.parameters()) for step in residuals] == [names, names]


def test_a_block_is_residual_layers_of_its_parts() -> None:
    plan = plan_of_config({**TOKENS, "layers": EVERYTHING[:4]})
    assert [info.name for info in plan.layers] == [
        "embedding1",
        "positional1",
        "residual2.layer_norm0",
        "residual2.attention1",
        "residual2",
        "residual3.layer_norm0",
        "residual3.dense1",
        "residual3.gelu1",
        "residual3.dense2",
        "residual3",
        "residual4.attention1",
        "residual4",
        "rms_norm4",
        "residual5.glu1",
        "residual5.dense2",
        "residual5",
        "rms_norm5",
    ]
    units = {info.name: info.output_shape for info in plan.layers}
    assert units["residual3.dense1"] == (5, 32)
    assert units["residual5.glu1"] == (5, 20)
    laws = {info.name: info.weight.name for info in plan.layers if info.weight is not None}
    assert laws["residual3.dense2"] == "normal"
    assert laws["residual3.dense1"] == laws["residual5.dense2"] == "torch_default"


def test_what_is_a_flow_point() -> None:
    """Weighted layers and containers of the trunk, but no embedding, and nothing behind a reduction over
    time."""
    body = [{"embedding": 8}, {"lstm": 8}, {"transformer_block": 2}]
    plan = plan_of_config({**TOKENS, "layers": [*body, "mean_over_time", {"dense": 8}, {"dense": 2}]})
    assert [info.name for info in plan.layers if info.flow_point] == ["lstm2", "residual3", "residual4"]


@pytest.mark.parametrize("final", [{"units": 3, "return_sequences": False}, {"units": 3}])
def test_a_recurrent_layer_that_gives_its_last_step_is_a_reduction(final: dict[str, Any]) -> None:
    behind = [] if "return_sequences" in final else ["last_step"]
    plan = plan_of_config({**SEQUENCE, "layers": [{"gru": 4}, {"gru": final}, *behind, {"dense": 2}]})
    assert [info.name for info in plan.layers if info.flow_point] == ["gru1", "gru2"]
    assert plan.output_shape == (2,)


def test_parameters_are_counted_once() -> None:
    plan = plan_of_config({**TOKENS, "layers": EVERYTHING})
    network = plan.network(0)
    assert sum(info.parameters for info in plan.layers) == sum(a.size for a in network.parameters().values())
    names = list(network.parameters())
    assert "dense12.bias" in names
    assert "dense12.weight" not in names


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_replayed_weights_give_the_same_bits(dtype: str) -> None:
    plan = plan_of_config({**TOKENS, "layers": EVERYTHING, "dtype": dtype})
    held, replayed = plan.network(0, hold=10**9), plan.network(0, hold=0)
    inputs, targets = plan.batch(0)
    npt.assert_array_equal(held.forward(inputs), replayed.forward(inputs))
    for name, array in held.parameters().items():
        npt.assert_array_equal(replayed.parameters()[name], array)


# What is drawn


@pytest.mark.parametrize(("kind", "gates"), [("rnn", 1), ("lstm", 4), ("gru", 3)])
def test_recurrent_layers_as_pytorch_draws_them(kind: str, gates: int) -> None:
    """U(±1/√units) for input weights and biases; recurrent weights orthogonal gate by gate, unless told."""
    found = parameters({kind: 50})
    assert found["input.weight"].shape == (6, gates * 50)
    check_uniform(found["input.weight"], 50**-0.5)
    check_uniform(found["bias"] if kind != "lstm" else np.delete(found["bias"], slice(50, 100)), 50**-0.5)
    for gate in np.split(found["recurrent.weight"], gates, axis=1):
        npt.assert_allclose(gate.T @ gate, np.eye(50), atol=1e-6)
    told = parameters({kind: {"units": 50, "recurrent_init": "torch_default"}})
    check_uniform(told["recurrent.weight"], 50**-0.5)


def test_gates_have_the_fans_of_a_matrix_of_their_own() -> None:
    found = parameters({"lstm": {"units": 200, "init": "glorot_normal"}})
    npt.assert_allclose(found["input.weight"].std(), math.sqrt(2.0 / 206.0), rtol=0.05)
    npt.assert_array_equal(found["bias"], np.repeat([0.0, 1.0, 0.0, 0.0], 200))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 1.0),
        ({"forget_bias": -2.5}, -2.5),
        ({"forget_bias": 0, "bias_init": "ones"}, 0.0),
        ({"forget_bias": None, "bias_init": {"constant": 0.3}}, 0.3),
    ],
)
def test_the_forget_gate_has_one_effective_bias(options: dict[str, Any], expected: float) -> None:
    found = parameters({"lstm": {"units": 3, "init": "he_normal", **options}})
    npt.assert_allclose(found["bias"][3:6], expected)


def test_both_directions_have_weights_of_their_own() -> None:
    found = parameters({"gru": {"units": 3, "bidirectional": True}})
    assert set(found) == {
        f"{direction}.{name}"
        for direction in ("forward", "backward")
        for name in ("input.weight", "recurrent.weight", "bias", "recurrent.bias")
    }
    assert not np.array_equal(found["forward.input.weight"], found["backward.input.weight"])


def test_attention_as_pytorch_draws_it() -> None:
    """Query, key and value as one Glorot matrix, the map behind the heads as a linear layer, zero biases."""
    found = parameters({"attention": 2}, {"input": {"length": 3, "features": 96}, "loss": "mse"})
    for name in ("query", "key", "value"):
        check_uniform(found[f"{name}.weight"], math.sqrt(1.5 / 96.0))
        assert not found[f"{name}.bias"].any()
    check_uniform(found["out.weight"], 96**-0.5)
    assert not found["out.bias"].any()
    assert not np.array_equal(found["query.weight"], found["key.weight"])


def test_tables_as_pytorch_draws_them() -> None:
    plan = plan_of_config({**TOKENS, "layers": [{"embedding": 60}, "positional"], "dtype": "float64"})
    found = plan.network(0).parameters()
    npt.assert_allclose(found["embedding1.weight"].std(), 1.0, rtol=0.05)
    npt.assert_allclose(found["positional1.table"].std(), 1.0, rtol=0.1)


def test_pieces_of_a_maxout_are_initialised_one_by_one() -> None:
    found = parameters({"maxout": {"units": 6, "pieces": 3, "init": "orthogonal"}})
    for piece in np.split(found["weight"], 3, axis=1):
        npt.assert_allclose(piece.T @ piece, np.eye(6), atol=1e-6)
