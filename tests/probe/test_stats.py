"""Statistics of single arrays against the plainest NumPy in float64."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine import Array
from gradscope.engine.axes import entries, sample_rows
from gradscope.probe import stats
from gradscope.probe.trace import Moments
from tests.strategies import bounded, precisions, seeds


def moments(x: Array) -> Moments:
    return stats.moments(entries(x)[np.newaxis])[0]


def cosine_gap(x: Array) -> float:
    return stats.cosine_gaps(sample_rows(x)[np.newaxis])[0]


def active_counts(slopes: Array) -> Array:
    return stats.active_counts(slopes[np.newaxis])[0]


def saturated_fraction(slopes: Array, max_slope: float) -> float:
    return stats.saturated_fractions(entries(slopes)[np.newaxis], [max_slope])[0]


LARGEST = {np.float32: 1e37, np.float64: 1e300}
SHAPES = st.sampled_from([(1,), (5, 7), (64, 33), (3, 4, 5), (2, 3, 4, 5), (40, 2000)])


@pytest.fixture(autouse=True)
def _as_the_probe_runs_it() -> Iterator[None]:
    # A sum that overflows or vanishes is noticed by its value and computed again.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        yield


@st.composite
def arrays(draw: st.DrawFn) -> Array:
    """Of any size of entry and spread about any mean, some of the entries exactly zero."""
    kind = draw(precisions())
    shape = draw(SHAPES)
    rng = np.random.default_rng(draw(seeds()))
    size = draw(st.sampled_from([1.0, 1e-38, 1e-30, 1e-12, 1e6, 1e30, LARGEST[kind]]))
    values = size * (rng.standard_normal(shape) * draw(st.sampled_from([1.0, 0.03, 1e-4, 0.0])))
    values += size * draw(st.sampled_from([0.0, 1.0, -0.3]))
    values[rng.random(shape) < draw(st.sampled_from([0.0, 0.5, 1.0]))] = 0.0
    return values.astype(kind)


def expected_moments(x: Array) -> Moments:
    """By the definitions, in float64, every entry divided by the largest first."""
    wide = x.astype(np.float64)
    largest = np.abs(wide).max() or 1.0
    unit = wide / largest
    mean = math.fsum(unit.ravel()) / x.size
    std = math.sqrt(math.fsum(((unit - mean) ** 2).ravel()) / x.size)
    rms = math.sqrt(math.fsum((unit**2).ravel()) / x.size)
    zeros = float(np.mean(wide == 0.0))
    return Moments(mean * largest, std * largest, rms * largest, zeros, float(wide.min()), float(wide.max()))


@bounded
@given(x=arrays())
def test_moments_are_those_of_float64(x: Array) -> None:
    found, expected = moments(x), expected_moments(x)
    rounding = {np.float32: 1e-6, np.float64: 1e-13}[x.dtype.type]
    npt.assert_allclose(found.rms, expected.rms, rtol=rounding)
    npt.assert_allclose(found.mean, expected.mean, rtol=rounding, atol=rounding * expected.rms)
    # Three digits of E x² − mean² may be lost before it is computed with more care.
    npt.assert_allclose(found.std, expected.std, rtol=300 * rounding, atol=1e-13 * expected.rms)
    assert (found.zero_fraction, found.min, found.max) == (
        expected.zero_fraction,
        expected.min,
        expected.max,
    )


def test_a_small_spread_about_a_large_mean_keeps_its_digits() -> None:
    x = (1e6 + np.arange(8)).astype(np.float32)
    assert moments(x).std == pytest.approx(np.arange(8).std(), rel=1e-12)


def test_equal_entries_have_no_spread() -> None:
    assert moments(np.full((50, 40), 0.1, dtype=np.float32)).std == 0.0


def test_moments_of_nothing_but_zeros() -> None:
    assert moments(np.zeros((4, 3), dtype=np.float32)) == Moments(0.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def test_negative_zero_is_a_zero() -> None:
    assert moments(np.array([-0.0, 1.0], dtype=np.float32)).zero_fraction == 0.5


def test_one_nan_among_many_is_seen_in_every_moment_but_the_share_of_zeros() -> None:
    x = np.zeros((100, 100), dtype=np.float32)
    x[57, 3] = math.nan
    found = moments(x)
    assert not found.is_finite
    assert found.zero_fraction == pytest.approx(1.0 - 1e-4)
    assert all(math.isnan(value) for value in (found.mean, found.std, found.rms, found.min, found.max))


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_an_infinity_makes_moments_infinite(value: float) -> None:
    found = moments(np.array([0.0, 1.0, value, 2.0]))
    assert not found.is_finite
    assert (found.mean, found.rms, found.zero_fraction) == (value, math.inf, 0.25)
    assert math.isnan(found.std)


def test_infinities_of_both_signs_have_no_mean() -> None:
    found = moments(np.array([math.inf, -math.inf, 1.0]))
    assert not found.is_finite
    assert math.isnan(found.mean)


@bounded
@given(kind=precisions(), seed=seeds(), shape=st.sampled_from([(4, 3), (5, 2, 3), (2, 4, 3, 3)]))
def test_active_counts_are_those_of_a_loop(kind: type, seed: int, shape: tuple[int, ...]) -> None:
    slopes = np.random.default_rng(seed).choice([0.0, 0.0, 1.0, 1e-30], shape).astype(kind)
    units = slopes.shape[1] if slopes.ndim == 4 else slopes.shape[-1]
    expected = [0] * units
    for place in np.ndindex(slopes.shape):
        expected[place[1] if slopes.ndim == 4 else place[-1]] += slopes[place] != 0.0
    assert active_counts(slopes).tolist() == expected


def test_a_slope_counts_as_saturated_below_one_per_cent_of_the_steepest() -> None:
    slopes = np.array([[0.25, 0.0025, 0.00249, -0.0024, 0.0, -0.25]])
    assert saturated_fraction(slopes, 0.25) == 3 / 6


def test_no_slope_is_small_beside_one_that_is_unbounded() -> None:
    assert saturated_fraction(np.array([[1e-30, 2.0, 1e30]]), 1e-29) == 0.0


@bounded
@given(
    kind=precisions(),
    seed=seeds(),
    spread=st.sampled_from([10.0, 0.3, 1e-2, 1e-4]),
    size=st.sampled_from([1.0, 1e-25, 1e25]),
)
def test_cosine_gap_is_the_mean_over_pairs(kind: type, seed: int, spread: float, size: float) -> None:
    rng = np.random.default_rng(seed)
    x = (size * (rng.standard_normal(12) + spread * rng.standard_normal((7, 12)))).astype(kind)
    unit = x.astype(np.float64) / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True)
    # 1 − cosine is half the squared distance of the directions, which cancels nothing.
    pairs = [0.5 * np.sum((unit[i] - unit[j]) ** 2) for i in range(7) for j in range(i)]
    npt.assert_allclose(cosine_gap(x), np.mean(pairs), rtol=1e-4 if kind is np.float32 else 1e-9)


def test_samples_on_one_line_have_no_gap_and_zero_samples_no_direction() -> None:
    line = np.outer([1.0, 2.0, 0.0, 5.0], [3.0, 4.0])
    assert cosine_gap(line) == pytest.approx(0.0, abs=1e-30)
    assert cosine_gap(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 2.0]])) == pytest.approx(1.0)
    assert math.isnan(cosine_gap(np.array([[1.0, 0.0], [0.0, 0.0]])))
    assert math.isnan(cosine_gap(np.array([[1.0, 0.0]])))


def test_a_gap_far_below_float32_is_found_in_float32() -> None:
    x = np.array([[1.0, 0.0], [1.0, 2e-6]], dtype=np.float32)
    assert cosine_gap(x) == pytest.approx(2e-12, rel=1e-5)


def test_signals_are_measured_without_being_changed(rng: np.random.Generator) -> None:
    x = rng.standard_normal((6, 5)).astype(np.float32)
    before = x.copy()
    moments(x), cosine_gap(x), active_counts(x), saturated_fraction(x, 1.0)
    npt.assert_array_equal(x, before)
