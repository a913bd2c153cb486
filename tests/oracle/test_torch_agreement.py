"""Every number of the report against PyTorch, on networks nobody chose and on networks everybody knows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

import gradscope
from gradscope.engine.activations import ACTIVATIONS
from gradscope.engine.losses import LOSSES

torch = pytest.importorskip("torch")

from tests.oracle import torch_functions  # noqa: E402
from tests.oracle.agreement import TOLERANCE, disagreements  # noqa: E402
from tests.oracle.random_networks import networks  # noqa: E402
from tests.oracle.torch_network import TorchNetwork  # noqa: E402


def test_the_oracle_knows_every_activation_and_loss() -> None:
    assert set(torch_functions.ACTIVATIONS) == set(ACTIVATIONS)
    assert set(torch_functions.LOSSES) == set(LOSSES)


@settings(max_examples=150)
@given(config=networks())
def test_random_networks_agree_with_pytorch(config: dict[str, Any]) -> None:
    wrong = disagreements(config)
    assume(wrong is not None)
    assert wrong == []


def stack(*block: Any, depth: int = 20, head: int = 10, **others: Any) -> dict[str, Any]:
    layers = [{"repeat": depth, "layers": list(block)}, {"dense": head}]
    return {"input": 64, "batch": {"size": 16}, "layers": layers, "trials": 1, "dtype": "float64"} | others


WIDE = {"dense": 64}
REALISTIC = {
    "relu, he": stack(WIDE, "relu", init="he_normal"),
    "relu, PyTorch's default": stack(WIDE, "relu"),
    "sigmoid, which vanishes": stack(WIDE, "sigmoid", init="glorot_uniform"),
    "tanh, which explodes": stack(WIDE, "tanh", init={"variance": 4}, loss="mse"),
    "selu": stack(WIDE, "selu", init="lecun_normal", loss="random_cotangent"),
    "gelu": stack(WIDE, "gelu", init="he_normal", loss="binary_cross_entropy"),
    "batch norm before relu": stack(WIDE, "batch_norm", "relu", init="he_normal"),
    "layer norm behind relu": stack(WIDE, "relu", "layer_norm", init="he_normal"),
    "pre-activation residual": stack(
        {"residual": ["batch_norm", "relu", WIDE, "batch_norm", "relu", WIDE]}, depth=10, init="he_normal"
    ),
    "rezero": stack({"residual": {"layers": [WIDE, "relu"], "scale": {"learned": 0.1}}}),
    "projection": stack(
        {"residual": {"layers": [WIDE, "tanh", {"dense": 32}], "shortcut": [{"dense": 32}]}}, depth=5
    ),
    "dense connectivity": stack({"concat": ["layer_norm", "relu", {"dense": 12}]}, init="he_normal"),
    "one set of weights": stack()
    | {
        "layers": [{"repeat": 20, "share": True, "layers": [WIDE, "tanh"]}, {"dense": 10}],
    },
    "sets of weights in a set": stack()
    | {
        "layers": [
            {
                "repeat": 2,
                "share": True,
                "layers": [
                    {"repeat": 3, "share": True, "layers": [WIDE, "prelu"]},
                    {"residual": [WIDE, "rms_norm"]},
                ],
            },
            {"dense": 10},
        ],
    },
    "mixer on a sequence": stack(
        {"residual": ["rms_norm", {"dense": 48}, "silu", {"dense": 24}]},
        depth=8,
        input={"length": 9, "features": 24},
    ),
    "rarely active units": stack(
        {"dense": {"units": 64, "bias_init": {"constant": -2}}}, "relu", depth=1, batch={"size": 256}
    ),
    "image": stack(WIDE, "hardswish", depth=4)
    | {
        "input": [3, 4, 4],
        "layers": [
            {"group_norm": 3},
            "prelu",
            "batch_norm",
            "flatten",
            WIDE,
            "relu6",
            {"dropout": 0.5},
            {"dense": 10},
        ],
    },
}


@pytest.mark.parametrize("config", REALISTIC.values(), ids=REALISTIC.keys())
def test_known_networks_agree_with_pytorch(config: dict[str, Any]) -> None:
    assert disagreements(config) == []


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "binary_cross_entropy", "mae"])
@pytest.mark.parametrize("size", [12, {"length": 5, "features": 12}], ids=["features", "sequence"])
def test_sample_gradients_are_those_of_each_samples_own_loss(size: Any, loss: str) -> None:
    layers = [{"dense": 9}, "tanh", {"residual": ["layer_norm", {"dense": 9}]}, {"dense": 4}]
    loaded = gradscope.load_config(
        {"input": size, "batch": {"size": 6}, "layers": layers, "loss": loss, "trials": 1, "dtype": "float64"}
    )
    parameters = gradscope.build_network(loaded).parameters()
    inputs, targets = gradscope.make_batch(loaded)
    norms: dict[str, list[float]] = {}
    for sample in range(6):
        alone = TorchNetwork({"layers": layers, "loss": loss}, parameters)
        alone.run(inputs[sample : sample + 1], targets[sample : sample + 1])
        for name, parameter in alone.parameters.items():
            assert parameter.grad is not None
            norms.setdefault(name, []).append(float(torch.linalg.vector_norm(parameter.grad)))
    found = {layer.name: layer.sample_grad for layer in gradscope.diagnose(loaded, jobs=1).layers}
    for name in ("dense1", "residual2.dense1", "dense3"):
        summary = found[name]
        assert summary is not None
        assert summary.mean_l2 == pytest.approx(np.mean(norms[f"{name}.weight"]), rel=TOLERANCE)
