import math

import numpy as np
import pytest

from gradscope.engine.activations import ACTIVATIONS, Activation
from gradscope.theory.portrait import portrait

ELEMENTWISE = [name for name in ACTIVATIONS if name != "softmax"]


def trapezoid(name: str) -> tuple[float, float, float]:
    """E φ, E φ², E φ′² by plain summation; halves of steps keep clear of the kinks."""
    activation = ACTIVATIONS[name]()
    assert isinstance(activation, Activation)
    step = 1e-4
    z = np.arange(-12.0, 12.0, step) + step / 2
    weights = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) * step
    a = activation.fn(z)
    slope = activation.derivative(z, a)
    return float(weights @ a), float(weights @ a**2), float(weights @ slope**2)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_averages_against_plain_summation(name: str) -> None:
    found = portrait(name, ACTIVATIONS[name]())
    assert found.moments is not None
    mean, second, slope = trapezoid(name)
    assert found.moments.mean == pytest.approx(mean, abs=1e-7)
    assert found.moments.second == pytest.approx(second, abs=1e-7)
    assert found.moments.slope == pytest.approx(slope, abs=1e-7)
    assert found.moments.signal_gain == pytest.approx(second**-0.5, rel=1e-6)
    assert found.moments.gradient_gain == pytest.approx(slope**-0.5, rel=1e-6)


def test_closed_forms() -> None:
    relu = portrait("relu", ACTIVATIONS["relu"]()).moments
    assert relu is not None
    assert relu.mean == pytest.approx(1 / math.sqrt(2 * math.pi))
    assert (relu.second, relu.slope) == pytest.approx((0.5, 0.5))
    assert relu.gradient_gain == pytest.approx(math.sqrt(2))
    selu = portrait("selu", ACTIVATIONS["selu"]()).moments
    assert selu is not None
    assert selu.second == pytest.approx(1.0, abs=1e-9)  # it was made for that
    assert selu.is_centred


@pytest.mark.parametrize(
    ("name", "below", "above"),
    [
        # s(1 − s) = 0.0025, 1 − tanh² = 0.01, 1/(1 + z²) = 0.01, (1 + |z|)^−2 = 0.01, e^z/(1 + e^z) = 0.01, e^z = 0.01
        ("sigmoid", -math.log(1 / 0.0025 / 2 - 1 + math.sqrt((1 / 0.0025 / 2 - 1) ** 2 - 1)), "same"),
        ("tanh", -math.atanh(math.sqrt(0.99)), "same"),
        ("arctan", -math.sqrt(99), "same"),
        ("softsign", -9.0, "same"),
        ("softplus", math.log(0.01 / 0.99), None),
        ("elu", math.log(0.01), None),
        ("relu", 0.0, None),
        ("relu6", 0.0, 6.0),
        ("hardtanh", -1.0, 1.0),
        ("hardswish", -3.0, None),
        ("squared_relu", 0.0, None),
        ("linear", None, None),
        ("leaky_relu", None, None),
        ("prelu", None, None),
    ],
)
def test_where_it_is_flat(name: str, below: float | None, above: object) -> None:
    found = portrait(name, ACTIVATIONS[name]())
    assert found.fades_below == pytest.approx(below, abs=1e-9)
    expected = -below if above == "same" and below is not None else above
    assert found.fades_above == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_curve_has_the_slope_it_says(name: str) -> None:
    found = portrait(name, ACTIVATIONS[name]())
    assert found.curve is not None
    z, value, slope = map(np.array, (found.curve.z, found.curve.value, found.curve.slope))
    # Between two places the function rises by their mean slope, up to the bend; at a kink by either.
    rise, between = np.diff(value), 0.5 * (slope[1:] + slope[:-1]) * np.diff(z)
    assert np.max(np.abs(rise - between)) < (0.06 if found.kinks else 0.01)


def test_centred_are_the_odd_ones_and_selu() -> None:
    centred = {
        name
        for name in ELEMENTWISE
        if (moments := portrait(name, ACTIVATIONS[name]()).moments) is not None and moments.is_centred
    }
    odd = {"linear", "scaled_sigmoid", "tanh", "lecun_tanh", "arctan", "softsign", "hardtanh"}
    assert centred == odd | {"selu"}


def test_softmax_has_no_curve() -> None:
    found = portrait("softmax", ACTIVATIONS["softmax"]())
    assert (found.moments, found.curve, found.fades_below) == (None, None, None)
