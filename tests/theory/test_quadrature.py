"""Gaussian moments of activations against published numbers, closed forms and a plain trapezoid."""

import math
from typing import Any

import numpy as np
import pytest

from gradscope.engine import Array
from gradscope.engine.activations import ACTIVATIONS, Activation
from gradscope.theory.mean_field import second_moment, second_moment_of_slope
from gradscope.theory.quadrature import gaussian_mean

# (E φ², E φ′²) for z ~ N(0, 1), to twelve digits.
MOMENTS: list[tuple[str, dict[str, Any], float, float]] = [
    ("linear", {}, 1.0, 1.0),
    ("sigmoid", {}, 0.293379035858, 0.0448362413502),
    ("tanh", {}, 0.394294490398, 0.464402902448),
    ("relu", {}, 0.5, 0.5),
    ("leaky_relu", {"slope": 0.01}, 0.50005, 0.50005),
    ("leaky_relu", {"slope": 0.1}, 0.505, 0.505),
    ("leaky_relu", {"slope": 0.2}, 0.52, 0.52),
    ("prelu", {"slope": 0.25}, 0.53125, 0.53125),
    ("elu", {}, 0.644945417493, 0.668102001223),
    ("celu", {}, 0.644945417493, 0.668102001223),
    ("selu", {}, 1.0, 1.07157499246),
    ("gelu", {}, 0.42522148257, 0.455850865649),
    ("gelu_tanh", {}, 0.425193711033, 0.455817845963),
    ("softplus", {}, 0.921245908859, 0.293379035858),
    ("arctan", {}, 0.449700916435, 0.5),
    ("silu", {}, 0.355775519817, 0.379482351633),
    ("mish", {}, 0.452342192376, 0.479083758374),
    ("hardtanh", {}, 0.516058550962, 0.682689492137),
    ("relu6", {}, 0.499999998075, 0.499999999013),
    ("softsign", {}, 0.183014021267, 0.227671340422),
    ("hard_sigmoid", {}, 0.277639091057, 0.0277027834427),
    ("hardswish", {}, 0.331567375138, 0.358531517179),
    ("squared_relu", {}, 1.5, 2.0),
]
ELEMENTWISE = [name for name in ACTIVATIONS if isinstance(ACTIVATIONS[name](), Activation)]


def activation(name: str, **options: Any) -> Activation:
    made = ACTIVATIONS[name](**options)
    assert isinstance(made, Activation)
    return made


def trapezoid(values: Array, z: Array, variance: float) -> float:
    density = np.exp(-0.5 * z * z / variance) / math.sqrt(2.0 * math.pi * variance)
    return float(np.sum(values * density) * (z[1] - z[0]))


@pytest.mark.parametrize(("name", "options", "square", "slope"), MOMENTS)
def test_published_moments(name: str, options: dict[str, Any], square: float, slope: float) -> None:
    # Published to twelve significant digits.
    assert second_moment(activation(name, **options), 1.0) == pytest.approx(square, rel=1e-11, abs=1e-9)
    assert second_moment_of_slope(activation(name, **options), 1.0) == pytest.approx(
        slope, rel=1e-11, abs=1e-9
    )


@pytest.mark.parametrize("variance", [0.04, 1.0, 16.0, 900.0])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_plain_trapezoid_agrees(name: str, variance: float) -> None:
    """A jump of the slope costs the trapezoid half a step's density, softsign's of the curvature less."""
    found = activation(name)
    z = np.linspace(-12.0, 12.0, 400_002) * math.sqrt(variance)
    a = found.fn(z)
    slopes = found.derivative(z, a)
    tolerance = 1e-3 if found.kinks else 1e-5
    for ours, values in (
        (second_moment(found, variance), np.square(a)),
        (second_moment_of_slope(found, variance), np.square(slopes)),
    ):
        assert ours == pytest.approx(trapezoid(values, z, variance), rel=tolerance)


def test_closed_forms() -> None:
    erfc = math.erfc(math.sqrt(2.0)) / 2.0  # Φ(−2)
    assert second_moment_of_slope(activation("elu"), 1.0) == pytest.approx(0.5 + math.e**2 * erfc, rel=1e-12)
    root = math.pi * math.sqrt(3.0)
    assert second_moment(activation("gelu"), 1.0) == pytest.approx(1.0 / 3.0 + 1.0 / (2.0 * root), rel=1e-12)
    assert second_moment_of_slope(activation("gelu"), 1.0) == pytest.approx(
        1.0 / 3.0 + 2.0 / (3.0 * root), rel=1e-12
    )
    assert second_moment_of_slope(activation("arctan"), 1.0) == pytest.approx(0.5, rel=1e-12)
    assert second_moment_of_slope(activation("hardtanh"), 1.0) == pytest.approx(
        math.erf(math.sqrt(0.5)), rel=1e-12
    )


@pytest.mark.parametrize("variance", [1e-8, 0.3, 7.0, 1e6])
def test_moments_of_powers(variance: float) -> None:
    """E z^(2k) = (2k − 1)!! q^k; odd powers vanish."""
    for power, factor in ((0, 1.0), (2, 1.0), (4, 3.0), (6, 15.0), (8, 105.0)):
        found = gaussian_mean(lambda z, power=power: z**power, variance)
        assert found == pytest.approx(factor * variance ** (power / 2), rel=1e-11)
        assert gaussian_mean(lambda z, power=power: z ** (power + 1), variance) == pytest.approx(
            0.0, abs=1e-10 * factor * variance ** ((power + 1) / 2)
        )


@pytest.mark.parametrize("mean", [-3.0, 0.0, 0.7, 20.0])
def test_a_mean_shifts(mean: float) -> None:
    assert gaussian_mean(lambda z: z, 2.0, (), mean) == pytest.approx(mean, abs=1e-10)
    assert gaussian_mean(np.square, 2.0, (), mean) == pytest.approx(mean**2 + 2.0, rel=1e-11)
    share = gaussian_mean(lambda z: (z > 0.0).astype(np.float64), 2.0, (0.0,), mean)
    assert share == pytest.approx(0.5 * math.erfc(-mean / 2.0), abs=1e-11)


def test_kinks_anywhere_cost_nothing() -> None:
    for kink in (-2.345, 1e-3, 0.1, 3.0):
        share = gaussian_mean(lambda z, kink=kink: (z > kink).astype(np.float64), 1.0, (kink,))
        assert share == pytest.approx(0.5 * math.erfc(kink / math.sqrt(2.0)), abs=1e-13)
