"""Units that are dead by chance, against closed forms and published values."""

import math

import pytest

from gradscope.theory.dead import dead_probability, next_correlation
from tests.theory.networks import dead_share

CORRELATIONS = (0.001, 0.1, 0.5, 0.9, 0.99)


@pytest.mark.parametrize("rho", CORRELATIONS)
def test_one_sample(rho: float) -> None:
    assert dead_probability(rho, 1) == 0.5


@pytest.mark.parametrize("rho", CORRELATIONS)
def test_two_samples(rho: float) -> None:
    """The quadrant probability of two correlated Gaussians (Sheppard 1899)."""
    assert dead_probability(rho, 2) == pytest.approx(0.25 + math.asin(rho) / (2.0 * math.pi), abs=1e-9)


@pytest.mark.parametrize("rho", CORRELATIONS)
def test_three_samples(rho: float) -> None:
    expected = 0.125 + 3.0 * math.asin(rho) / (4.0 * math.pi)
    assert dead_probability(rho, 3) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("samples", [1, 2, 3, 9, 64])
def test_half_correlated_samples(samples: int) -> None:
    """At ρ = 1/2 the integral is that of u^m over the unit interval."""
    assert dead_probability(0.5, samples) == pytest.approx(1.0 / (samples + 1), abs=1e-9)


@pytest.mark.parametrize("samples", [2, 5, 16])
def test_independent_and_identical_samples(samples: int) -> None:
    assert dead_probability(0.0, samples) == 0.5**samples
    assert dead_probability(-0.2, samples) == 0.5**samples
    assert dead_probability(1e-12, samples) == pytest.approx(0.5**samples, rel=1e-4)
    assert dead_probability(1.0, samples) == 0.5
    assert dead_probability(1.0 - 1e-10, samples) == 0.5
    assert dead_probability(1.0 - 1e-7, samples) == pytest.approx(0.5, abs=2e-3)


def test_more_samples_leave_fewer_dead_and_more_correlation_more() -> None:
    by_samples = [dead_probability(0.7, samples) for samples in (1, 2, 4, 8, 16, 64, 1024)]
    assert by_samples == sorted(by_samples, reverse=True)
    by_correlation = [dead_probability(rho, 8) for rho in (0.0, *CORRELATIONS, 1.0)]
    assert by_correlation == sorted(by_correlation)


def test_correlations_behind_relu() -> None:
    assert next_correlation(0.0) == pytest.approx(1.0 / math.pi, rel=1e-15)
    assert next_correlation(1.0) == 1.0
    assert next_correlation(-1.0) == pytest.approx(0.0, abs=1e-15)
    assert next_correlation(1.0 + 1e-9) == 1.0


def test_published_shares_of_eight_orthogonal_samples() -> None:
    published = [0.003906, 0.056754, 0.108945, 0.150798, 0.184368, 0.211793]
    assert [dead_share(depth, 8) for depth in range(1, 7)] == pytest.approx(published, abs=5e-7)


def test_deep_layers_see_one_direction() -> None:
    shares = [dead_share(depth, 8) for depth in (1, 2, 5, 20, 100, 1000)]
    assert shares == sorted(shares)
    assert 0.45 < shares[-1] <= 0.5
