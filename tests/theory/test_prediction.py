import math
from typing import Any

import pytest

import gradscope
from gradscope.build.plan import plan_of
from gradscope.engine.activations import ACTIVATIONS
from gradscope.outlook import Outlook, foretell, read_outlook
from gradscope.theory.prediction import predict
from tests.theory.networks import both, dead_share, mlp

INITIALISERS = ["glorot_uniform", "he_normal", "orthogonal", "torch_default"]
DEPTH = 3
TOLERANCE = 0.05
"""Decades over three layers of a thousand units, two trials; the laws differ by far more."""


@pytest.mark.parametrize("init", INITIALISERS)
@pytest.mark.parametrize("act", [name for name in ACTIVATIONS if name != "softmax"])
def test_growth_of_every_activation_and_initialiser(act: str, init: str) -> None:
    prediction, measured = both(mlp({"dense": 600}, act, depth=DEPTH, width=600, init=init, trials=2))
    assert prediction.unreached is None
    # Its length map squares the variance, so that a deviation of the first layer doubles with every one
    # behind it.
    tolerance = 4.0 * TOLERANCE if act == "squared_relu" else TOLERANCE
    assert prediction.flow.log10_ratio == pytest.approx(measured, abs=tolerance)


STACKS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "dropout": ([{"dense": 500}, "relu", {"dropout": 0.3}], {"init": "he_normal"}),
    "layer norm": ([{"dense": 500}, "layer_norm", "gelu"], {"init": "he_normal"}),
    "rms norm": ([{"dense": 500}, "rms_norm", "silu"], {"init": "lecun_normal"}),
    "batch norm, relu": ([{"dense": 500}, "batch_norm", "relu"], {"init": "he_normal"}),
    "batch norm, tanh": ([{"dense": 500}, "batch_norm", "tanh"], {"init": "he_normal"}),
    "residual": ([{"residual": ["relu", {"dense": 500}]}], {"init": "he_normal"}),
    "scaled residual": (
        [{"residual": {"layers": ["tanh", {"dense": 500}], "scale": 0.5}}],
        {"init": "he_normal"},
    ),
    "rezero": ([{"residual": {"layers": ["relu", {"dense": 500}], "scale": {"learned": 0.0}}}], {}),
    "shortcut": ([{"residual": {"layers": [{"dense": 500}, "relu"], "shortcut": [{"dense": 500}]}}], {}),
    "biases": ([{"dense": {"units": 500, "bias_init": {"normal": {"std": 0.5}}}}, "tanh"], {}),
}


@pytest.mark.parametrize("name", STACKS)
def test_growth_of_stacks(name: str) -> None:
    body, settings = STACKS[name]
    prediction, measured = both(mlp(*body, depth=5, width=500, trials=3, **settings))
    assert prediction.unreached is None
    assert prediction.flow.log10_ratio == pytest.approx(measured, abs=0.07)


@pytest.mark.parametrize("batch", [8, 32])
def test_batch_norm_of_few_samples_grows_as_its_closed_form(batch: int) -> None:
    # Yang et al. 2019, linear networks: (B − 2)/(B − 3) a layer.
    config = mlp(
        {"dense": {"units": 64, "bias": False}},
        {"batch_norm": {"eps": 0}},
        depth=200,
        width=64,
        init="lecun_normal",
        batch={"size": batch},
    )
    unit = foretell(gradscope.load_config(config)).unit
    assert unit is not None
    assert unit.chi_1 == pytest.approx((batch - 2) / (batch - 3), rel=1e-9)


def test_batch_norm_with_relu_comes_near_its_large_batch_law() -> None:
    body = [{"dense": {"units": 64, "bias": False}}, {"batch_norm": {"eps": 0}}, "relu"]
    config = mlp(*body, depth=100, width=64, init="he_normal", batch={"size": 10_000})
    unit = foretell(gradscope.load_config(config)).unit
    assert unit is not None
    assert unit.chi_1 == pytest.approx(math.pi / (math.pi - 1.0), rel=1e-3)


def test_joined_branches() -> None:
    config = {
        "input": 400,
        "layers": [
            {"dense": 400},
            {"repeat": 3, "layers": [{"concat": ["relu", {"dense": 200}]}]},
            {"dense": 400},
        ],
        "init": "he_normal",
        "loss": "random_cotangent",
        "dtype": "float64",
        "trials": 3,
    }
    prediction, measured = both(config)
    assert prediction.flow.log10_ratio == pytest.approx(measured, abs=0.05)


@pytest.mark.parametrize(
    ("scale", "chi", "variance", "phase"),
    [(1.2, 0.845166428, 0.269902010, "ordered"), (4, 1.342402414, 2.195493928, "chaotic")],
)
def test_mean_field_of_tanh(scale: float, chi: float, variance: float, phase: str) -> None:
    body = {"dense": {"units": 9, "bias_init": {"normal": {"std": math.sqrt(0.05)}}}}
    unit = foretell(gradscope.load_config(mlp(body, "tanh", depth=6, width=9, init={"variance": scale}))).unit
    assert unit is not None
    assert unit.chi_1 == pytest.approx(chi, abs=1e-8)
    assert unit.variance == pytest.approx(variance, abs=1e-8)
    assert unit.phase == phase


def test_dead_units_on_orthogonal_samples_of_equal_norm() -> None:
    shares = [dead_share(depth, 8) for depth in range(1, 7)]
    assert shares == pytest.approx([0.003906, 0.056754, 0.108945, 0.150798, 0.184368, 0.211793], abs=1e-6)


def test_dead_units_of_a_network_follow_the_same_law() -> None:
    config = mlp(
        {"dense": {"units": 64, "bias": False}}, "relu", depth=6, init="he_normal", batch={"size": 8}
    )
    layers = foretell(gradscope.load_config(config)).layers
    found = [layer.dead_fraction for layer in layers if layer.dead_fraction is not None]
    assert found == pytest.approx([dead_share(depth, 8) for depth in range(1, 7)], abs=2e-5)


@pytest.mark.parametrize(
    ("act", "init"), [("relu", "he_normal"), ("linear", "lecun_normal"), ("tanh", "he_normal")]
)
def test_spread_of_single_samples(act: str, init: str) -> None:
    width, trials = 64, 200
    body = {"dense": {"units": width, "bias": False}}
    config = mlp(body, act, depth=10, width=width, init=init, trials=trials, batch={"size": 1})
    loaded = gradscope.load_config(config)
    grad = gradscope.diagnose(loaded, jobs=1).layers[0].output_grad
    last = 0.5 / math.log(10.0) * math.sqrt(2.0 / width)  # of the cotangent's own norm
    expected = foretell(loaded).layers[0].log10_spread
    assert grad.log10_l2_std == pytest.approx(math.hypot(expected, last), rel=0.2)


@pytest.mark.parametrize("name", ["residual_grows", "batch_norm_explodes", "selu_lecun", "deep_sigmoid"])
def test_long_repeats_are_written_once(name: str) -> None:
    knob = "blocks" if name == "residual_grows" else "depth"
    check_as_if_whole(read_outlook(f"configs/{name}.yaml", {knob: 90}))


def test_two_long_repeats_are_written_once_each() -> None:
    """Layers behind both are moved on twice; names that are given stay. No gradient reaches the inside of a
    branch of scale zero, which is no reason not to know it elsewhere."""
    text = (
        "input: 64\ninit: lecun_normal\nlayers:\n"
        "- repeat: 90\n  layers: [dense: 64, selu]\n"
        "- dense: {units: 32, name: between}\n"
        "- repeat: 70\n  layers: [residual: {layers: [dense: 32, selu], scale: 0}, dense: 32, selu]\n"
        "- dense: 10\n"
    )
    outlook = read_outlook("two.yaml", text=text)
    names = [layer.name for layer in outlook.prediction.layers]
    assert names[178:183] == ["dense90", "selu90", "between", "residual92.dense1", "residual92.selu1"]
    assert names[-4:] == ["residual230", "dense231", "selu231", "dense232"]
    check_as_if_whole(outlook)


def check_as_if_whole(outlook: Outlook) -> None:
    """Layer by layer what the network has when every copy is followed."""
    prediction, whole = outlook.prediction, predict(plan_of(outlook.config).outline)
    assert [layer.name for layer in prediction.layers] == [layer.name for layer in whole.layers]
    for layer, expected in zip(prediction.layers, whole.layers, strict=True):
        assert layer.log10_l2_ratio == pytest.approx(expected.log10_l2_ratio, abs=1e-7)
        assert layer.log10_spread == pytest.approx(expected.log10_spread, rel=3e-3)
        assert layer.log10_shift == pytest.approx(expected.log10_shift, rel=3e-3, abs=1e-3)
        assert layer.second_moment == pytest.approx(expected.second_moment, rel=1e-6)


def test_theory_says_where_it_stops() -> None:
    config = {"input": 8, "layers": [{"dense": 8}, "softmax", {"dense": 4}]}
    prediction = foretell(gradscope.load_config(config))
    assert [layer.name for layer in prediction.layers] == ["dense1"]
    assert prediction.unreached == "softmax1: softmax is not elementwise"


def test_weights_with_a_mean_are_not_reached() -> None:
    config = {"input": 8, "init": "ones", "layers": [{"dense": 8}, {"dense": 4}]}
    assert foretell(gradscope.load_config(config)).unreached == "dense1: its weights have a mean"


def test_moments_beyond_the_range_of_floats_are_no_traceback() -> None:
    """A mean that deviates by e^(thousands) from what a typical network has."""
    layers = ["softplus", "softplus", *["squared_relu"] * 4, {"dense": {"units": 2, "bias": False}}]
    config = {"input": 1, "batch": {"size": 2}, "layers": layers, "loss": "binary_cross_entropy"}
    report = gradscope.diagnose(gradscope.load_config(config))
    assert len(report.layers) == 7


def test_of_a_signal_too_small_for_a_float_nothing_strays() -> None:
    config = {
        "input": 10,
        "init": {"variance": 3e-162},
        "layers": [{"repeat": 2, "layers": [{"dense": {"units": 10, "bias": False}}, "relu"]}, {"dense": 4}],
    }
    prediction = foretell(gradscope.load_config(config))
    assert len(prediction.layers) == 5
    assert prediction.layers[3].second_moment == 0.0
    assert all(layer.log10_signal_spread >= 0.0 for layer in prediction.layers)
