"""How many ReLU units are dead by chance in a correctly initialised network: laws measured through configs.

Units of one trial share its samples: standard errors are taken over trials, and 4.5 of them allowed.
"""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.testing as npt
import pytest

from gradscope import diagnose, load_config
from gradscope.engine import Array
from tests.laws.measuring import trace

SIGMAS = 4.5


class Shares(NamedTuple):
    """Of every ReLU layer in every trial:   (trials, layers)."""

    dead: Array
    inactive: Array


def shares(source: dict[str, Any]) -> Shares:
    units = [
        [layer.units for layer in trial.layers if layer.units is not None] for trial in trace(source).trials
    ]
    return Shares(
        np.array([[found.dead_fraction for found in trial] for trial in units]),
        np.array([[found.inactive_fraction for found in trial] for trial in units]),
    )


def check_mean(trials: Array, expected: Any, allowance: float = 0.0) -> None:
    """The mean over trials within its own standard errors, and what a finite width may add."""
    standard_error = trials.std(axis=0, ddof=1) / math.sqrt(len(trials))
    deviation = np.abs(trials.mean(axis=0) - expected)
    assert (deviation <= SIGMAS * standard_error + allowance).all(), (trials.mean(axis=0), expected)


def relu_stack(width: int, depth: int, samples: int, inputs: Any, *, trials: int) -> dict[str, Any]:
    """Bias-free dense layers with He's initialisation, each followed by ReLU."""
    return {
        "input": width,
        "batch": {"size": samples, "inputs": inputs},
        "init": "he_normal",
        "layers": [{"repeat": depth, "layers": [{"dense": {"units": width, "bias": False}}, "relu"]}],
        "loss": "random_cotangent",
        "trials": trials,
    }


def dead_by_chance(samples: int, correlation: float) -> float:
    """P(m equally correlated Gaussians are negative) = ∫ φ(t) Φ(−t √(ρ/(1 − ρ)))^m dt (Steck 1962)."""
    t = np.linspace(-9.0, 9.0, 3601)
    slope = math.sqrt(correlation / (1.0 - correlation))
    below = np.array([0.5 * math.erfc(slope * x / math.sqrt(2.0)) for x in t.tolist()])
    density = np.exp(-0.5 * t**2) / math.sqrt(2.0 * math.pi)
    return float(np.sum(density * below**samples) * (t[1] - t[0]))


def correlation_behind_relu(rho: float) -> float:
    """Of two Gaussian inputs of equal norm (Cho & Saul 2009, arc-cosine kernel of degree 1, normalised)."""
    return (math.sqrt(1.0 - rho**2) + rho * (math.pi - math.acos(rho))) / math.pi


# The first layer


@pytest.mark.parametrize(
    "inputs", ["normal", {"uniform": {"low": -1.0, "high": 1.0}}], ids=["normal", "uniform"]
)
@pytest.mark.parametrize("samples", [1, 2, 5, 8])
def test_independent_symmetric_samples(samples: int, inputs: Any) -> None:
    """A unit of the first layer is dead on all m with probability 2^-m, whatever the width below it."""
    found = shares(relu_stack(300, 1, samples, inputs, trials=100))
    check_mean(found.dead, 2.0**-samples)
    check_mean(found.inactive, 0.5)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("samples", [2, 6])
def test_correlated_samples(samples: int, rho: float) -> None:
    source = relu_stack(1200, 1, samples, {"correlated": rho}, trials=30)
    expected = dead_by_chance(samples, rho)
    if samples == 2:
        assert expected == pytest.approx(0.25 + math.asin(rho) / (2.0 * math.pi), abs=1e-6)
    check_mean(shares(source).dead, expected, allowance=1.0 / 1200)


# Deeper layers


def test_deeper_layers_on_orthogonal_samples(tmp_path: Path) -> None:
    """Samples grow alike with depth, so that more units are silent on all of them; half of the entries are.

    The correlation follows the arc-cosine map from 0; a finite width adds terms of order 1/n.
    """
    width, samples = 512, 8
    published = [0.003906, 0.056754, 0.108945, 0.150798, 0.184368, 0.211793]
    rho, expected = 0.0, []
    for _ in published:
        expected.append(dead_by_chance(samples, rho))
        rho = correlation_behind_relu(rho)
    npt.assert_allclose(expected, published, atol=1e-6)
    np.save(tmp_path / "rows.npy", math.sqrt(width) * np.eye(samples, width))
    found = shares(relu_stack(width, 6, samples, {"file": str(tmp_path / "rows.npy")}, trials=60))
    check_mean(found.dead, published, allowance=2.0 / width)
    check_mean(found.inactive, 0.5)


@pytest.mark.parametrize(("width", "depth"), [(2, 5), (4, 8)])
def test_narrow_networks_die_on_one_sample(width: int, depth: int) -> None:
    """P(all units of some layer are silent) = 1 − (1 − 2^-N)^L (Lu et al. 2020, on dying ReLU)."""
    trials = 600
    found = shares(relu_stack(width, depth, 1, "normal", trials=trials))
    died = (found.dead == 1.0).any(axis=1)
    npt.assert_array_equal(died, found.dead[:, -1] == 1.0)
    expected = 1.0 - (1.0 - 2.0**-width) ** depth
    assert abs(died.mean() - expected) <= SIGMAS * math.sqrt(expected * (1.0 - expected) / trials)


def test_the_report_averages_over_trials() -> None:
    source = relu_stack(64, 3, 4, "normal", trials=5)
    found, report = shares(source), diagnose(load_config(source))
    for number, layer in enumerate(layer for layer in report.layers if layer.kind == "relu"):
        assert layer.dead_fraction == pytest.approx(found.dead[:, number].mean(), rel=1e-14)
        assert layer.inactive_fraction == pytest.approx(found.inactive[:, number].mean(), rel=1e-14)
