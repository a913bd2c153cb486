"""What half precision loses, against rounding every entry and trying every loss scale."""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine import Array
from gradscope.engine.signal import Signal
from gradscope.probe.stats import numeric_ranges
from gradscope.probe.trace import NumericRange
from tests.strategies import bounded, precisions, seeds

LEAST_BF16 = Fraction(1, 2**133)
"""bf16 has the exponents of float32 and 7 bits behind the point: 2^-126 · 2^-7."""
SCALES_TRIED = 400


def exact(dy: Signal) -> list[Fraction]:
    """The non-zero entries without any rounding."""
    return [Fraction(float(value)) * Fraction(2) ** dy.exponent for value in dy.mantissa.ravel() if value]


def is_zero_in_fp16(value: Fraction, scale: int) -> bool:
    """NumPy's own float16 decides wherever a float64 can hold the value."""
    scaled = value * 2**scale
    if abs(scaled) < Fraction(1, 2**1000):
        return True
    with np.errstate(over="ignore", under="ignore"):
        return bool(np.float16(float(scaled)) == 0.0)


def is_zero_in_bf16(value: Fraction) -> bool:
    """To the nearest multiple of the least bf16, ties to the even one: zero."""
    return abs(value) <= LEAST_BF16 / 2


def brute_force(dy: Signal) -> NumericRange:
    entries = exact(dy)
    if not entries:
        return NumericRange(0.0, 0.0, 0)
    largest = max(map(abs, entries))

    def share(scale: int) -> float:
        return sum(is_zero_in_fp16(value, scale) for value in entries) / len(entries)

    fits = (s for s in range(SCALES_TRIED) if largest * 2**s <= 65504 and share(s) < 0.01)
    flushed_bf16 = sum(map(is_zero_in_bf16, entries)) / len(entries)
    return NumericRange(share(0), flushed_bf16, next(fits, None))


@pytest.fixture(autouse=True)
def _as_the_probe_runs_it() -> Iterator[None]:
    # A limit beyond the mantissa's own range becomes an infinity, which is right and no reason for a warning.
    with np.errstate(over="ignore"):
        yield


def numeric_range(dy: Signal) -> NumericRange:
    return numeric_ranges(dy.mantissa.reshape(1, -1), [dy.exponent])[0]


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    """A mantissa near 1, as the network keeps it, over any number of decades, and any exponent."""
    rng = np.random.default_rng(draw(seeds()))
    count = draw(st.sampled_from([1, 7, 99, 100, 250]))
    decades = draw(st.sampled_from([0.0, 1.0, 3.0, 6.0]))
    values = rng.standard_normal(count) * 10.0 ** rng.uniform(-decades, 0.0, count)
    values[rng.random(count) < draw(st.sampled_from([0.0, 0.3]))] = 0.0
    return Signal(values.astype(draw(precisions())), draw(st.integers(-170, 20)))


@bounded
@given(dy=signals())
def test_range_is_that_of_rounding_every_entry(dy: Signal) -> None:
    assert numeric_range(dy) == brute_force(dy)


def range_of(values: list[float], exponent: int = 0) -> NumericRange:
    return numeric_range(Signal(np.array(values, dtype=np.float32), exponent))


@pytest.mark.parametrize(("value", "share"), [(2.0**-25, 1.0), (np.nextafter(np.float32(2.0**-25), 1), 0.0)])
def test_half_of_the_least_fp16_rounds_to_zero_and_the_next_number_does_not(
    value: float, share: float
) -> None:
    assert range_of([float(value)]).fp16_underflow_fraction == share
    assert (np.float16(value) == 0.0) == bool(share)


def test_half_of_the_least_bf16_rounds_to_zero_and_the_next_number_does_not() -> None:
    assert range_of([1.0], -134).bf16_underflow_fraction == 1.0
    assert range_of([float(np.nextafter(np.float32(1.0), 2))], -134).bf16_underflow_fraction == 0.0


def test_the_loss_scale_is_the_least_that_saves_enough() -> None:
    values = [1.0] * 99 + [2.0**-30]
    assert range_of(values).loss_scale_log2 == 6, "2^-30 · 2^6 = 2^-24 is the least fp16"
    assert range_of([1.0] * 198 + [2.0**-30]).loss_scale_log2 == 0, "1 in 199 is less than 1 %"


def test_a_loss_scale_must_leave_the_largest_entry_finite() -> None:
    values = [2.0**10] * 90 + [2.0**-30] * 10
    assert range_of(values).loss_scale_log2 is None
    assert range_of(values, exponent=-1).loss_scale_log2 is None, "the ratio of both is all that counts"
    assert range_of([2047.0 * 2.0**5]).loss_scale_log2 == 0, "65504 is the largest fp16"
    assert range_of([65505.0]).loss_scale_log2 is None


def test_exact_zeros_do_not_count() -> None:
    assert range_of([0.0, 0.0, 0.0, 1.0]) == NumericRange(0.0, 0.0, 0)
    assert range_of([0.0, 2.0**-30]) == NumericRange(1.0, 0.0, 6)
    assert range_of([0.0, 0.0]) == NumericRange(0.0, 0.0, 0)


@pytest.mark.parametrize("exponent", [-3000, 3000])
def test_gradients_that_no_float_can_hold(exponent: int) -> None:
    found = range_of([0.5, 1.0, -2.0], exponent)
    small = exponent < 0
    assert (found.fp16_underflow_fraction, found.bf16_underflow_fraction) == (float(small), float(small))
    assert found.loss_scale_log2 == (3000 - 23 if small else None), "2^-3001 must reach 2^-24"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_range(value: float) -> None:
    found = range_of([1.0, value])
    assert math.isnan(found.fp16_underflow_fraction)
    assert math.isnan(found.bf16_underflow_fraction)
    assert found.loss_scale_log2 is None


def test_the_sign_does_not_count(rng: np.random.Generator) -> None:
    values: Array = np.abs(rng.standard_normal(50))
    assert numeric_range(Signal(values, -30)) == numeric_range(Signal(-values, -30))
