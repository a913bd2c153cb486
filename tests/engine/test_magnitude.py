"""Norms as logarithms: right from the least subnormal to the largest float; zero, infinity and NaN."""

import math

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine.magnitude import exp2, joint_log2_l2, log2_l2, sum_of_squares
from tests.strategies import bounded, seeds, sizes

FLOAT32_SCALES = [1e-45, 1e-40, 1e-38, 1e-30, 1e-20, 1e-12, 1e-5, 1.0, 1e5, 1e12, 1e15, 1e20, 1e30, 3e38]
FLOAT64_SCALES = [5e-324, 1e-310, 1e-300, 1e-160, 1e-100, 1.0, 1e100, 1e140, 1e160, 1e300, 1.7e308]


@pytest.mark.parametrize("size", [1, 3, 1000, 200_000])
@pytest.mark.parametrize("scale", FLOAT32_SCALES)
def test_float32_at_any_scale(scale: float, size: int) -> None:
    """Against float64, which holds the squares of all of them; and silent, warnings being errors."""
    x = (scale * np.random.default_rng(size).uniform(0.1, 1.0, size)).astype(np.float32)
    x[0] = scale
    expected = 0.5 * math.log2(np.sum(np.square(x, dtype=np.float64)))
    assert log2_l2(x) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("size", [1, 4, 1024])
@pytest.mark.parametrize("scale", FLOAT64_SCALES)
def test_float64_at_any_scale(scale: float, size: int) -> None:
    expected = math.log2(scale) + 0.5 * math.log2(size)
    assert log2_l2(np.full(size, scale)) == pytest.approx(expected, abs=1e-12)


@bounded
@given(seed=seeds(), size=sizes(300), exponent=st.integers(-100, 100))
def test_powers_of_two_shift_the_logarithm(seed: int, size: int, exponent: int) -> None:
    x = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    assert log2_l2(np.ldexp(x, exponent)) == pytest.approx(log2_l2(x) + exponent, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_limits(dtype: type[np.floating]) -> None:
    zeros = np.zeros((3, 4), dtype=dtype)
    assert log2_l2(zeros) == -math.inf
    assert log2_l2(np.empty(0, dtype=dtype)) == -math.inf
    for value, expected in [(math.inf, math.inf), (-math.inf, math.inf)]:
        x = zeros.copy()
        x[1, 2] = value
        assert log2_l2(x) == expected
    for others in (0.0, math.inf):
        x = np.full((3, 4), others, dtype=dtype)
        x[2, 1] = math.nan
        assert math.isnan(log2_l2(x))


def test_any_layout_of_memory() -> None:
    x = np.random.default_rng(0).standard_normal((400, 300, 2)).astype(np.float32)
    for view in (x, x.T, x[::-1, 5:, 0], x[:, ::7]):
        assert log2_l2(view) == pytest.approx(math.log2(np.linalg.norm(view.astype(np.float64))), abs=1e-6)


def test_long_sums_keep_six_digits() -> None:
    """Equal squares, whose roundings all go the same way."""
    for size in (1 << 14, (1 << 20) + 77):
        x = np.full(size, 0.1, dtype=np.float32)
        assert sum_of_squares(x) == pytest.approx(size * float(np.float32(0.1)) ** 2, rel=1e-5)


@bounded
@given(parts=st.lists(sizes(50), max_size=5), seed=seeds(), scale=st.integers(-80, 80))
def test_joint_norm_is_the_norm_of_all_together(parts: list[int], seed: int, scale: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [np.ldexp(rng.standard_normal(size), scale * number) for number, size in enumerate(parts)]
    whole = np.concatenate([*arrays, np.empty(0)])
    assert joint_log2_l2(map(log2_l2, arrays)) == pytest.approx(log2_l2(whole), abs=1e-12)


def test_joint_norm_beyond_every_float_and_at_the_limits() -> None:
    assert joint_log2_l2([5000.0, 5000.0]) == 5000.5
    assert joint_log2_l2([-5000.0, -math.inf]) == -5000.0
    assert joint_log2_l2([]) == -math.inf
    assert joint_log2_l2([-math.inf, -math.inf]) == -math.inf
    assert joint_log2_l2([1.0, math.inf]) == math.inf
    for others in (1.0, math.inf, -math.inf):
        assert math.isnan(joint_log2_l2([others, math.nan]))
        assert math.isnan(joint_log2_l2([math.nan, others]))


def test_powers_of_two() -> None:
    assert [exp2(value) for value in (-math.inf, -2000.0, -1.0, 0.0, 10.0)] == [0.0, 0.0, 0.5, 1.0, 1024.0]
    assert exp2(2000.0) == exp2(math.inf) == math.inf
    assert math.isnan(exp2(math.nan))


def test_ten_thousand_multiplications() -> None:
    """A product kept as mantissa and exponent by its own norm, against the sum of logarithms."""
    factors = np.random.default_rng(1).uniform(1e-4, 1e-2, 10_000)
    x, exponent = np.ones(3), 0
    for factor in factors:
        x *= factor
        shift = round(log2_l2(x))
        x, exponent = np.ldexp(x, -shift), exponent + shift
    npt.assert_allclose(log2_l2(x) + exponent, np.log2(factors).sum() + 0.5 * math.log2(3.0), rtol=1e-13)
