"""How gradients grow or shrink with depth: published laws of random networks, measured through configs.

"Growth" is E|δ_l|²/E|δ_(l+1)|², one layer towards the input; the gradient on top is Gaussian and independent
of the weights. Expectations are compared with arithmetic means over trials, logarithms with geometric ones.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

from gradscope import diagnose, load_config
from gradscope.engine import Array
from tests.laws.measuring import growth, mean_squares, run_once, stack, trace, trials_for


def gaussian_mean(f: Callable[[Array], Array], variance: float) -> float:
    """E f(z), z ~ N(0, variance), by the trapezoid rule."""
    z = np.linspace(-12.0, 12.0, 4801)
    density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    return float(np.sum(f(math.sqrt(variance) * z) * density) * (z[1] - z[0]))


def tanh_slope(z: Array) -> Array:
    slope: Array = np.cosh(z) ** -2.0
    return slope


def tanh_kurtosis(variance: float) -> float:
    """E φ′⁴/(E φ′²)²."""
    fourth = gaussian_mean(lambda z: tanh_slope(z) ** 4, variance)
    return fourth / gaussian_mean(lambda z: tanh_slope(z) ** 2, variance) ** 2


def check_growth(source: dict[str, Any], expected: Any, log_tolerance: float) -> None:
    npt.assert_allclose(np.log(growth(trace(source))), np.log(expected), atol=log_tolerance)


# Stacks of independent Gaussian or uniform weights

DEPTH, WIDTH, TOLERANCE = 8, 128, 0.12


@pytest.mark.parametrize(
    ("activation", "init", "expected", "kurtosis"),
    [
        pytest.param(None, "torch_default", 1 / 3, 1.0, id="linear U(±1/√n) (Glorot & Bengio 2010, eq. 15)"),
        pytest.param(None, "glorot_uniform", 1.0, 1.0, id="linear Glorot (Glorot & Bengio 2010, eq. 16)"),
        pytest.param("relu", {"variance": 1}, 0.5, 2.0, id="ReLU, variance 1/n"),
        pytest.param("relu", {"variance": 2}, 1.0, 2.0, id="ReLU, variance 2/n (He et al. 2015, eq. 14)"),
        pytest.param("relu", {"variance": 3}, 1.5, 2.0, id="ReLU, variance 3/n"),
        pytest.param("relu", "he_uniform", 1.0, 2.0, id="ReLU, He uniform"),
        pytest.param(
            {"leaky_relu": 0.25}, {"variance": 2}, 1.0625, 2 * 257 / 289, id="leaky (He 2015, eq. 15)"
        ),
        pytest.param(
            {"leaky_relu": 0.5}, {"variance": 1.6}, 1.0, 2 * 17 / 25, id="leaky, neutral at 2/(1 + a²)"
        ),
    ],
)
def test_growth_per_layer(activation: Any, init: Any, expected: float, kurtosis: float) -> None:
    """σ_w² E φ′² for every layer, exactly in expectation, at any width."""
    trials = trials_for(TOLERANCE, [WIDTH] * (DEPTH - 1), kurtosis=kurtosis)
    source = stack([WIDTH] * DEPTH, activation, init=init, trials=trials)
    check_growth(source, expected ** np.arange(DEPTH - 1, -1, -1), TOLERANCE)


def test_thirty_relu_layers_with_half_the_variance() -> None:
    """First to last norm 2^-14.5, where Xavier's initialisation stalls (He et al. 2015, section 2.2).

    Geometric means lie below by exp(−2.5/n) a layer; the factor of 1.5 that is allowed covers it.
    """
    trials = trials_for(2.0 * math.log(1.5) - 29 * 2.5 / 512, [512] * 29, kurtosis=2.0)
    report = diagnose(load_config(stack([512] * 30, "relu", init={"variance": 1}, trials=trials)))
    assert abs(report.flow.log10_ratio - math.log10(2.0**-14.5)) < math.log10(1.5)
    assert report.flow.gain_per_layer == pytest.approx(math.sqrt(0.5), rel=0.03)


@pytest.mark.parametrize(
    ("init", "published"),
    [
        ("torch_default", [0.0069, 0.0311, 0.1054, 0.3290, 1.0]),
        ("glorot_uniform", [0.1680, 0.3617, 0.5682, 0.7818, 1.0]),
    ],
)
def test_five_tanh_layers_of_500(init: str, published: list[float]) -> None:
    """The old and the normalised initialisation (Glorot & Bengio 2010, section 4.2), to 5 %."""
    trials = trials_for(
        0.04, [500] * 4, kurtosis=1.6
    )  # a hundredth is left for rounding and for finite width
    measured = growth(trace(stack([500] * 5, "tanh", init=init, trials=trials)))
    npt.assert_allclose(measured, published, rtol=0.05)


@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
def test_he_initialisation_of_layers_of_any_width(mode: str) -> None:
    """By fan in the norm stays level, by fan out the RMS does (He et al. 2015, eq. 10 and 14)."""
    widths = [90, 300, 60, 150, 200, 100]
    trials = trials_for(TOLERANCE, widths[:-1], kurtosis=2.0)
    source = stack(widths, "relu", fan_in=120, init={"he_normal": {"mode": mode}}, trials=trials)
    expected = np.ones(6) if mode == "fan_in" else np.array(widths) / widths[-1]
    check_growth(source, expected, TOLERANCE)


# Mean field


@pytest.mark.parametrize(
    ("sigma_w2", "fixed_point", "chi_1"),
    [(1.2, 0.269902010, 0.845166428), (4.0, 2.195493928, 1.342402414)],
    ids=["ordered", "chaotic"],
)
def test_tanh_at_its_fixed_point(sigma_w2: float, fixed_point: float, chi_1: float) -> None:
    """σ_b² = 0.05: the variance stays at q*, the gradient grows by χ₁ a layer (Schoenholz et al. 2017)."""
    kurtosis = tanh_kurtosis(fixed_point)
    depth, width, tolerance = 8, 256, 0.12
    start = math.sqrt((fixed_point - 0.05) / sigma_w2)
    source = stack(
        [width] * depth,
        "tanh",
        bias=True,
        init={"variance": sigma_w2},
        batch={"size": 1, "inputs": {"normal": {"std": start}}},
        trials=trials_for(tolerance, [width] * (depth - 1), kurtosis=kurtosis),
    )
    source["layers"] = [
        {"dense": {**layer["dense"], "bias_init": {"normal": {"std": math.sqrt(0.05)}}}}
        if isinstance(layer, dict)
        else layer
        for layer in source["layers"]
    ]
    measured = trace(source)
    npt.assert_allclose(
        np.log(growth(measured)), math.log(chi_1) * np.arange(depth - 1, -1, -1), atol=tolerance
    )
    npt.assert_allclose(mean_squares(measured), fixed_point, rtol=0.05)


# Exact isometry


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("gain", [1.0, 1.02, 0.9])
def test_orthogonal_linear_layers_keep_the_norm(gain: float, dtype: str, tolerance: float) -> None:
    """g^L exactly, forward and back, at any depth (Saxe et al. 2014); 1.02^100 = 7.244646118252348."""
    source = stack([40] * 101, init={"orthogonal": gain}, dtype=dtype, trials=2, batch={"size": 3})
    report = diagnose(load_config(source))
    assert report.flow.log10_ratio == pytest.approx(100 * math.log10(gain), abs=tolerance)
    assert report.flow.gain_per_layer == pytest.approx(gain, rel=tolerance)
    first, last = report.layers[0].output.rms, report.layers[-1].output.rms
    assert last / first == pytest.approx(gain**100, rel=10.0 * tolerance)
    if gain == 1.02:
        assert 10.0**report.flow.log10_ratio == pytest.approx(7.244646118252348, rel=10.0 * tolerance)


def test_a_chain_of_sigmoids() -> None:
    """Width 1, w = 1, b = −½, x = ½: every slope is ¼, and 0.25^20 = 9.094947017729282e-13 is left."""
    dense = {"dense": {"units": 1, "init": "ones", "bias_init": {"constant": -0.5}}}
    source = {
        "input": 1,
        "layers": [{"repeat": 20, "layers": [dense, "sigmoid"]}],
        "batch": {"size": 1, "inputs": {"normal": {"mean": 0.5, "std": 0}}},
        "loss": "random_cotangent",
    }
    heard = run_once(source).heard.output_gradients
    assert float(heard["dense1"][0, 0] / heard["sigmoid20"][0, 0]) == 9.094947017729282e-13


# Residual networks


def blocks(count: int, width: int, trials: int, **residual: Any) -> dict[str, Any]:
    """A dense layer, then blocks x + scale · W₂ relu(W₁ x) with Var W₁ = 2/n, Var W₂ = 1/n."""
    branch = [
        {"dense": {"units": width, "bias": False, "init": "he_normal"}},
        "relu",
        {"dense": {"units": width, "bias": False, "init": "lecun_normal"}},
    ]
    source = stack([width], init="lecun_normal", trials=trials)
    source["layers"] += [{"repeat": count, "layers": [{"residual": {"layers": branch, **residual}}]}]
    return source


@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "scaled"])
def test_residual_blocks(scaled: bool) -> None:
    """Twice as much a block, forward and back (Zhang, Dauphin & Ma 2019).

    (1 + 1/L)^L in all when branches are scaled (Hayou et al. 2021).
    """
    tolerance, width, count = 0.15, 128, 6
    trials = trials_for(tolerance, [width] * 2 * count, kurtosis=2.0)
    measured = trace(blocks(count, width, trials, **({"scale": count**-0.5} if scaled else {})))
    factor = 1.0 + 1.0 / count if scaled else 2.0
    logs = math.log(factor) * np.arange(count + 1)
    npt.assert_allclose(np.log(growth(measured)), logs[::-1], atol=tolerance)
    forward = mean_squares(measured)
    npt.assert_allclose(np.log(forward / forward[0]), logs, atol=tolerance)


@pytest.mark.parametrize("scale", [0.0, {"learned": 0.0}], ids=["zero", "ReZero"])
def test_branches_that_start_at_zero(scale: Any) -> None:
    """Exactly 1 a block; weights inside get no gradient, a learned scale does (Bachlechner et al. 2021)."""
    report = diagnose(load_config(blocks(12, 64, 3, scale=scale)))
    points = [layer for layer in report.layers if layer.flow_point]
    assert len({layer.output_grad.log10_l2 for layer in points}) == 1
    assert report.flow.log10_ratio == 0.0
    assert report.flow.gain_per_layer == 1.0
    inner = [layer for layer in report.layers if layer.name.startswith("residual") and layer.kind == "dense"]
    assert len(inner) == 24
    for layer in inner:
        assert layer.weight_grad is not None
        assert layer.weight_grad.log10_l2 == -math.inf
        assert layer.weight_grad.zero_trials == 3
    for layer in points[1:]:
        assert (layer.scale_grad is not None) == isinstance(scale, dict)
        if layer.scale_grad is not None:
            assert layer.scale_grad.log10_l2 > -3.0
            assert layer.scale_grad.zero_trials == 0
