"""The backward signal: rescaling is exact, sums are aligned, and no depth takes it out of range."""

import math

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine import Array
from gradscope.engine.signal import WINDOW, Signal
from tests.strategies import bounded, precisions, seeds, sizes


def entries(seed: int, size: int, dtype: type[np.floating] = np.float32) -> Array:
    """Numbers whose sizes lie within a few powers of two, never zero."""
    rng = np.random.default_rng(seed)
    numbers: Array = rng.uniform(0.5, 2.0, size) * rng.choice([-1.0, 1.0], size)
    return numbers.astype(dtype)


# Rescaling


@bounded
@given(seed=seeds(), size=sizes(40), dtype=precisions(), scale=st.integers(-120, 120))
def test_rescaling_changes_no_digit(seed: int, size: int, dtype: type[np.floating], scale: int) -> None:
    before = Signal(np.ldexp(entries(seed, size, dtype), scale), 1000)
    after = before.rescaled()
    assert after.mantissa.dtype == dtype
    npt.assert_array_equal(np.ldexp(after.mantissa, after.exponent - before.exponent), before.mantissa)
    assert after.log2_l2 == pytest.approx(before.log2_l2, abs=2e-6)


@bounded
@given(seed=seeds(), size=sizes(40), scale=st.integers(-120, 120))
def test_the_mantissa_stays_in_its_window(seed: int, size: int, scale: int) -> None:
    after = Signal(np.ldexp(entries(seed, size), scale)).rescaled()
    rms = np.sqrt(np.mean(np.square(after.mantissa, dtype=np.float64)))
    assert 2.0**-WINDOW <= rms <= 2.0**WINDOW
    assert after.rescaled() is after


def test_a_signal_inside_the_window_is_left_alone() -> None:
    signal = Signal(np.array([1.0, -3.0], dtype=np.float32), 7)
    assert signal.rescaled() is signal


@pytest.mark.parametrize("least", [1e-45, 1e-42, 1e-39])
def test_subnormal_entries_are_lifted_without_loss(least: float) -> None:
    tiny = np.array([least, 2 * least], dtype=np.float32)
    lifted = Signal(tiny).rescaled()
    npt.assert_array_equal(
        np.ldexp(lifted.mantissa.astype(np.float64), lifted.exponent), tiny.astype(np.float64)
    )
    assert np.abs(lifted.mantissa).max() > 0.1


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf, -math.inf])
def test_what_has_no_scale_is_left_alone(value: float) -> None:
    signal = Signal(np.array([value, 0.0], dtype=np.float32), -300)
    assert signal.rescaled() is signal
    expected = -math.inf if value == 0.0 else abs(value)
    npt.assert_equal(signal.log2_l2, expected)


# Multiplication


@bounded
@given(factor=st.floats(allow_nan=False, allow_infinity=False), seed=seeds())
def test_scaled_by_any_number(factor: float, seed: int) -> None:
    """float32 entries times a float64 factor that would under- or overflow them."""
    x = entries(seed, 5)
    product = Signal(x, 3).scaled(factor)
    assert product.mantissa.dtype == np.float32
    if factor == 0.0:
        assert product.log2_l2 == -math.inf
        return
    mantissa, exponent = math.frexp(factor)
    npt.assert_allclose(
        np.ldexp(product.mantissa.astype(np.float64), product.exponent - exponent - 3),
        x.astype(np.float64) * mantissa,
        rtol=2e-7,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-12, 0.25, 3.0, 1e12])
def test_ten_thousand_multiplications_against_logarithms(dtype: type[np.floating], scale: float) -> None:
    factors = scale * np.random.default_rng(2).uniform(0.5, 2.0, 10_000)
    signal = Signal(entries(3, 4, dtype))
    expected = signal.log2_l2 + math.fsum(np.log2(factors))
    for factor in factors.tolist():
        signal = signal.with_mantissa(signal.mantissa * dtype(factor)).rescaled()
    assert np.isfinite(signal.mantissa).all()
    npt.assert_allclose(signal.log2_l2, expected, atol=1e-3 if dtype is np.float32 else 1e-9)


# Addition


@bounded
@given(
    seed=seeds(),
    size=sizes(20),
    own=st.integers(-3000, 3000),
    difference=st.integers(-60, 60),
    mantissas=st.tuples(st.integers(-400, 400), st.integers(-400, 400)),
)
def test_sum_of_signals(seed: int, size: int, own: int, difference: int, mantissas: tuple[int, int]) -> None:
    """Whatever parts of their scales stand in the mantissas and in the exponents."""
    x, y = entries(seed, size, np.float64), entries(seed + 1, size, np.float64)
    left = Signal(np.ldexp(x, mantissas[0]), own - mantissas[0])
    right = Signal(np.ldexp(y, mantissas[1]), own + difference - mantissas[1])
    total = left + right
    npt.assert_array_equal(np.ldexp(total.mantissa, total.exponent - own), x + np.ldexp(y, difference))


def test_sum_in_float32_with_scales_in_the_wrong_places() -> None:
    """The larger exponent over a mantissa near the bottom of the range: the other's digits must survive."""
    small = Signal(np.array([3e-42], dtype=np.float32), 0)
    large = Signal(np.array([1.2345678], dtype=np.float32), -136)
    total = small + large
    expected = float(np.float32(3e-42)) + math.ldexp(float(np.float32(1.2345678)), -136)
    assert math.ldexp(float(total.mantissa[0]), total.exponent) == pytest.approx(expected, rel=1e-7, abs=0.0)


@pytest.mark.parametrize("far", [150, 1000, 100_000])
def test_a_part_below_the_others_rounding_leaves_it_as_it_is(far: int) -> None:
    near, distant = Signal(entries(4, 3), 0), Signal(entries(5, 3), -far)
    for total in (near + distant, distant + near):
        npt.assert_array_equal(np.ldexp(total.mantissa, total.exponent), near.mantissa)


def test_opposite_signals_cancel_to_an_exact_zero() -> None:
    x = Signal(entries(6, 3), 40)
    assert (x + Signal(-np.ldexp(x.mantissa, 3), 37)).log2_l2 == -math.inf


@pytest.mark.parametrize("exponent", [-5000, 0, 5000])
def test_zero_does_not_drag_its_exponent_along(exponent: int) -> None:
    zero, signal = Signal(np.zeros(3, dtype=np.float32), exponent), Signal(entries(7, 3), -2000)
    for total in (zero + signal, signal + zero):
        assert total.log2_l2 == signal.log2_l2
        npt.assert_array_equal(total.mantissa, signal.mantissa)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("other", [0.0, 1.0, math.nan, -1e38])
def test_what_is_not_finite_stays_so(value: float, other: float) -> None:
    broken = Signal(np.array([value, 1.0], dtype=np.float32), -900)
    whole = Signal(np.array([other, 1.0], dtype=np.float32), 900)
    for total in (broken + whole, whole + broken):
        assert not math.isfinite(total.log2_l2)
    assert not math.isfinite(broken.scaled(0.5).log2_l2)
