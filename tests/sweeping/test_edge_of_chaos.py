"""A map of σ_w × σ_b over a tanh stack finds the critical line of Poole et al. 2016 and Schoenholz et al.
2017."""

import math
from pathlib import Path

import numpy as np
import pytest

from gradscope.sweeping.store import Store
from gradscope.sweeping.summary import summarise
from tests.sweeping.sweeps import base_of, job, swept

STACK = """\
params: {sigma_w: 1.0, sigma_b: 0.0}
input: 100
batch: {size: 16}
init: {lecun_normal: {gain: "${sigma_w}"}}
trials: 2
layers:
  - repeat: 40
    layers:
      - dense: {units: 100, bias_init: {normal: {std: "${sigma_b}"}}}
      - tanh
loss: random_cotangent
"""
AXES = {"sigma_w": "lin:0.5:3:11", "sigma_b": "lin:0:0.5:3"}


def chi_1(sigma_w: float, sigma_b: float) -> float:
    """χ₁ = σ_w² E sech⁴(√q* z) at the fixed point of q = σ_w² E tanh²(√q z) + σ_b², by the trapezoid rule."""
    z = np.linspace(-12.0, 12.0, 4001)
    weight = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    q = 1.0
    for _ in range(500):
        q = sigma_w**2 * float(np.trapezoid(weight * np.tanh(math.sqrt(q) * z) ** 2, z)) + sigma_b**2
    return sigma_w**2 * float(
        np.trapezoid(weight / np.cosh(np.minimum(math.sqrt(q) * np.abs(z), 300.0)) ** 4, z)
    )


def test_the_oracle_knows_its_published_points() -> None:
    assert chi_1(math.sqrt(1.2), math.sqrt(0.05)) == pytest.approx(0.845166428, rel=1e-6)
    assert chi_1(2.0, math.sqrt(0.05)) == pytest.approx(1.342402414, rel=1e-6)
    assert chi_1(math.sqrt(1.760954640), math.sqrt(0.05)) == pytest.approx(1.0, rel=1e-6)


def test_gradients_vanish_on_one_side_of_the_critical_line_and_explode_on_the_other(tmp_path: Path) -> None:
    path = tmp_path / "chaos.sqlite"
    points = swept(job(base_of(tmp_path, STACK), AXES), path)
    assert len(points) == 33
    for point in points:
        chi = chi_1(**point.axes)
        assert point.log10_ratio is not None
        assert point.gain_per_layer == pytest.approx(math.sqrt(chi), rel=0.05), point.axes
        predicted = 39 * math.log10(chi) / 2
        if abs(predicted) > 4.0:
            assert point.verdict == ("vanishing" if predicted < 0 else "exploding"), point.axes
        if abs(predicted) < 1.0:
            assert point.verdict not in ("vanishing", "exploding"), point.axes
    with Store(str(path), writable=False) as store:
        found = summarise(store, store.sweeps()[0]).map
    assert found is not None
    columns = [[row[number] for row in found.cells] for number in range(len(found.columns))]
    for column in columns:  # down a column σ_w grows
        assert column[0] == "vanishing"
        assert column[-1] == "exploding"
        sides = [word for word in column if word in ("vanishing", "exploding")]
        assert sides == sorted(sides, reverse=True)
