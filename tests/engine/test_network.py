"""Whole networks: parameters by name, weights shared at any depth, the same bits in any number of threads."""

import math
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

from gradscope import build_network, diagnose, load_config, make_batch
from gradscope.engine import Array
from tests.collecting import collect_network
from tests.finite_differences import directional_check


def config(layers: list[Any], **rest: Any) -> Any:
    return load_config({"input": 6, "batch": {"size": 5}, "trials": 1, "layers": layers, **rest})


DEEP = [
    {"dense": 7},
    "tanh",
    {"residual": [{"dense": 7}, "batch_norm", "gelu", {"dropout": 0.2}]},
    {"concat": [{"dense": 3}, {"prelu": {"learned": True}}]},
    {"repeat": 2, "share": True, "layers": [{"dense": 10}, "softsign"]},
    "layer_norm",
    {"dense": 4},
]


def test_parameters_have_their_full_names_and_shapes() -> None:
    parameters = build_network(config(DEEP)).parameters()
    assert {name: array.shape for name, array in parameters.items()} == {
        "dense1.weight": (6, 7),
        "dense1.bias": (7,),
        "residual2.dense1.weight": (7, 7),
        "residual2.dense1.bias": (7,),
        "residual2.batch_norm1.gain": (7,),
        "residual2.batch_norm1.bias": (7,),
        "concat3.dense1.weight": (7, 3),
        "concat3.dense1.bias": (3,),
        "concat3.prelu1.slope": (3,),
        "dense4.weight": (10, 10),
        "dense4.bias": (10,),
        "layer_norm5.gain": (10,),
        "layer_norm5.bias": (10,),
        "dense6.weight": (10, 4),
        "dense6.bias": (4,),
    }


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "mse", "huber"])
def test_input_gradient_of_a_whole_network(loss: str) -> None:
    """Along random directions, in the second pass of the trial: its dropout mask, its batch."""
    source = config(DEEP, dtype="float64", loss=loss)
    network = build_network(source)
    inputs, targets = make_batch(source, number=1)
    value, dx = network.backpropagate(inputs, targets, number=1)
    assert value is not None
    rng = np.random.default_rng(0)

    def objective(x: Array) -> float:
        found = network.backpropagate(x, targets, number=1)[0]
        assert found is not None
        return found

    for _ in range(5):
        directional_check(objective, np.ldexp(dx.mantissa, dx.exponent), inputs, rng)


def test_forward_is_what_the_loss_sees() -> None:
    source = config([{"dense": 4}], dtype="float64", loss="mse")
    network = build_network(source)
    inputs, targets = make_batch(source)
    outputs = network.forward(inputs)
    weights = network.parameters()
    npt.assert_allclose(outputs, inputs @ weights["dense1.weight"] + weights["dense1.bias"], rtol=1e-13)
    assert network.backpropagate(inputs, targets)[0] == pytest.approx(
        np.mean((outputs - targets) ** 2), rel=1e-13
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("gain", [0.1, 10.0])
def test_gradients_far_out_of_range(gain: float, dtype: str) -> None:
    """1e±399 behind 399 linear layers, though the forward pass has left the range of float32 long before."""
    layers = [{"repeat": 400, "layers": [{"dense": {"units": 6, "init": {"orthogonal": gain}}}]}]
    report = diagnose(config(layers, loss="random_cotangent", dtype=dtype))
    first, last = report.layers[0].output_grad, report.layers[-1].output_grad
    assert first.log10_l2 - last.log10_l2 == pytest.approx(399 * math.log10(gain), abs=1e-3)
    assert report.flow.gain_per_layer == pytest.approx(gain, rel=1e-5)


# Shared weights


def test_a_shared_gradient_is_the_sum_over_its_uses() -> None:
    """Three uses of one weight as three weights of the same values: their gradients add up."""
    once = {"dense": {"units": 6, "init": {"orthogonal": 1.0}, "bias_init": {"constant": 0.1}}}
    source = config([{"repeat": 3, "share": True, "layers": [once, "tanh"]}], dtype="float64", loss="mse")
    report = diagnose(source)
    heard = collect_network(build_network(source), *make_batch(source))
    for role in ("weight", "bias"):
        total = sum(heard.gradients[f"dense{number}.{role}"] for number in (1, 2, 3))
        found = report.layers[0].weight_grad if role == "weight" else report.layers[0].bias_grad
        assert found is not None
        assert found.l2 == pytest.approx(np.linalg.norm(np.asarray(total)), rel=1e-12)
    assert [layer.shares for layer in report.layers if layer.kind == "dense"] == [None, "dense1", "dense1"]


@pytest.mark.parametrize(("gain", "uses"), [(0.5, 100), (1.0, 400), (1.2, 400)])
def test_a_weight_whose_uses_all_count_the_same(gain: float, uses: int) -> None:
    """Its input grows as fast as δ shrinks, by g^L: products are of one size, factors far out of range."""
    once = {"dense": {"units": 6, "init": {"orthogonal": gain}, "bias": False}}
    found: dict[str, float] = {}
    for dtype in ("float32", "float64"):
        layers = [{"repeat": uses, "share": True, "layers": [once]}]
        first = diagnose(config(layers, loss="random_cotangent", dtype=dtype)).layers[0]
        assert first.weight_grad is not None
        assert first.sample_grad is not None
        assert first.sample_grad.mean_l2 > 0.0
        found[dtype] = first.weight_grad.log10_l2
    assert found["float32"] == pytest.approx(found["float64"], abs=1e-3)
    assert 0.0 < found["float64"] - (uses - 1) * math.log10(gain) < 4.0


def test_uses_hundreds_of_orders_of_magnitude_apart() -> None:
    """The first use of a shared sigmoid layer sees 1e-150 of what the last one does: the last one decides."""
    layers = [{"repeat": 300, "share": True, "layers": [{"dense": 6}, "sigmoid"]}]
    report = diagnose(config(layers, init="glorot_uniform", loss="random_cotangent"))
    first, last = report.layers[0], report.layers[-2]
    assert first.weight_grad is not None
    assert first.bias_grad is not None
    assert (first.name, last.name) == ("dense1", "dense300")
    assert -400.0 < first.output_grad.log10_l2 - last.output_grad.log10_l2 < -150.0
    assert abs(first.bias_grad.log10_l2 - last.output_grad.log10_l2) < 1.0
    assert abs(first.weight_grad.log10_l2 - last.output_grad.log10_l2) < 1.0


# Threads


WIDE = [{"repeat": 3, "layers": [{"dense": 400}, "relu"]}, {"dense": 10}]


def test_reports_do_not_depend_on_the_number_of_threads() -> None:
    """Bit for bit, with weights of more than one block, and twice in a row."""
    source = config(WIDE, trials=3)
    reports = [diagnose(source, jobs=jobs).to_dict() for jobs in (1, 2, 8, 1)]
    for report in reports:
        del report["wall_seconds"]
    assert reports[1:] == reports[:1] * 3


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("trials", [1, 2])
def test_an_overflow_is_a_finding_and_no_warning(trials: int, jobs: int) -> None:
    """Also where the blocks of one product run in threads of their own."""
    layers = [{"repeat": 45, "layers": [{"dense": 400}]}]
    report = diagnose(config(layers, init={"variance": 100}, trials=trials), jobs=jobs)
    assert report.verdict == "non_finite"
