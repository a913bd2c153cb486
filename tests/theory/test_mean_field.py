"""Fixed points and gradient gains against published phase-diagram values and closed forms."""

import math

import pytest

from gradscope.engine.activations import ACTIVATIONS, Activation
from gradscope.theory.mean_field import chi_1, fixed_point, gradient_gain, length_map


def activation(name: str, **options: float) -> Activation:
    made = ACTIVATIONS[name](**options)
    assert isinstance(made, Activation)
    return made


TANH, RELU = activation("tanh"), activation("relu")


@pytest.mark.parametrize(
    ("sigma_w2", "q", "chi"), [(1.2, 0.269902010, 0.845166428), (4.0, 2.195493928, 1.342402414)]
)
def test_published_phases_of_tanh(sigma_w2: float, q: float, chi: float) -> None:
    """Schoenholz et al. 2017 at σ_b² = 0.05: an ordered and a chaotic network."""
    found = fixed_point(TANH, sigma_w2, 0.05)
    assert found == pytest.approx(q, abs=1e-9)
    assert length_map(TANH, sigma_w2, 0.05, found) == pytest.approx(found, rel=1e-9)
    assert chi_1(TANH, sigma_w2, found) == pytest.approx(chi, abs=1e-9)
    assert gradient_gain(TANH, sigma_w2, 0.05) == pytest.approx(math.sqrt(chi), abs=1e-9)


def test_the_edge_of_chaos_of_tanh() -> None:
    assert gradient_gain(TANH, 1.760954640, 0.05) == pytest.approx(1.0, abs=1e-8)
    assert gradient_gain(TANH, 1.75, 0.05) < 1.0 < gradient_gain(TANH, 1.77, 0.05)


def test_saturated_tanh() -> None:
    """σ_w² = 16 is where Gauss–Hermite rules of 180 nodes go wrong in the second digit."""
    q = fixed_point(TANH, 16.0, 0.05)
    steps = 400_001
    width = 24.0 / (steps - 1)
    total = 0.0
    for number in range(steps):
        u = -12.0 + number * width
        slope = 1.0 - math.tanh(math.sqrt(q) * u) ** 2
        total += math.exp(-0.5 * u * u) * slope * slope
    assert chi_1(TANH, 16.0, q) == pytest.approx(16.0 * total * width / math.sqrt(2.0 * math.pi), rel=1e-9)


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.2, 1.0])
def test_he_keeps_the_gradient_of_rectifiers(slope: float) -> None:
    """σ_w² = 2/(1 + a²): He et al. 2015, eq. 15."""
    found = activation("leaky_relu", slope=slope)
    for sigma_b2 in (0.0, 0.3):
        assert gradient_gain(found, 2.0 / (1.0 + slope**2), sigma_b2) == pytest.approx(1.0, abs=1e-12)


def test_gains_of_common_pairs() -> None:
    assert gradient_gain(RELU, 2.0, 0.0) == pytest.approx(1.0, abs=1e-12)
    assert gradient_gain(activation("selu"), 1.0, 0.0) == pytest.approx(math.sqrt(1.07157499246), abs=1e-9)
    assert gradient_gain(activation("selu"), 1.0, 0.0) == pytest.approx(1.0352, abs=5e-5)
    assert gradient_gain(activation("linear"), 1.0, 0.0) == pytest.approx(1.0, abs=1e-12)
    # U(±1/√n) has a variance of 1/(3n), and half of the slopes of ReLU are one.
    assert gradient_gain(RELU, 1.0 / 3.0, 0.0) == pytest.approx(math.sqrt(1.0 / 6.0), abs=1e-12)


@pytest.mark.parametrize(("sigma_w2", "gain"), [(0.5, 0.5), (8.0, 2.0)])
def test_a_variance_that_runs_away_still_has_a_gain(sigma_w2: float, gain: float) -> None:
    assert gradient_gain(RELU, sigma_w2, 0.0) == pytest.approx(gain, rel=1e-12)
    assert math.isfinite(fixed_point(RELU, sigma_w2, 0.0))


def test_the_variance_of_relu_with_a_bias_has_a_closed_form() -> None:
    """q = σ_w² q/2 + σ_b²."""
    assert fixed_point(RELU, 1.5, 0.25) == pytest.approx(0.25 / (1.0 - 0.75), rel=1e-8)


def test_a_critical_linear_network_stays_where_it_is() -> None:
    assert fixed_point(activation("linear"), 1.0, 0.0) == pytest.approx(1.0, rel=1e-12)


def test_slopes_beyond_every_float_are_told_by_an_infinity_and_not_by_numpy() -> None:
    steep = activation("leaky_relu", slope=1.7e308)
    assert not math.isfinite(gradient_gain(steep, 2.0, 25.0))
