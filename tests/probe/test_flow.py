"""The flow over known lines, zeros, and what is no number."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradscope.probe.flow import measure_flow
from tests.strategies import bounded

ZERO, NAN, INF = -math.inf, math.nan, math.inf


def test_a_straight_line_is_its_slope() -> None:
    flow = measure_flow([-6.0, -5.5, -5.0, -4.5])
    assert flow.log10_ratio == -1.5
    assert flow.gain_per_layer == pytest.approx(10.0**-0.5)
    assert flow.r2 == pytest.approx(1.0)
    assert flow.risk == 0.5


def test_gradients_that_grow_towards_the_input_have_a_gain_above_one() -> None:
    flow = measure_flow([2.0, 1.0, 0.0])
    assert (flow.log10_ratio, flow.gain_per_layer) == (2.0, pytest.approx(10.0))


def test_a_level_line_is_fitted_perfectly() -> None:
    flow = measure_flow([0.25] * 7)
    assert (flow.log10_ratio, flow.gain_per_layer, flow.r2) == (0.0, 1.0, 1.0)


def test_the_line_is_that_of_least_squares() -> None:
    # Slope 1/2 and r² 1/4, by hand: deviations (−1, 0, 1) against (0, −1, 1).
    flow = measure_flow([1.0, 0.0, 2.0])
    assert flow.log10_ratio == -1.0
    assert flow.gain_per_layer == pytest.approx(10.0**-0.5)
    assert flow.r2 == pytest.approx(0.25)


@bounded
@given(st.lists(st.floats(-900, 900), min_size=2, max_size=30), st.floats(-50, 50), st.floats(-3, 3))
def test_a_tilt_changes_the_gain_by_itself(logs: list[float], height: float, tilt: float) -> None:
    tilted = [value + height - tilt * depth for depth, value in enumerate(logs)]
    plain, other = measure_flow(logs), measure_flow(tilted)
    assume(plain.gain_per_layer and other.gain_per_layer and math.isfinite(other.gain_per_layer))
    assert plain.gain_per_layer is not None
    assert other.gain_per_layer is not None
    assert math.log10(other.gain_per_layer) - math.log10(plain.gain_per_layer) == pytest.approx(
        tilt, abs=1e-8
    )
    assert other.log10_ratio - plain.log10_ratio == pytest.approx(tilt * (len(logs) - 1), abs=1e-8)


def test_numbers_that_are_no_floats_any_more() -> None:
    flow = measure_flow([-900.0, -450.0, 0.0])
    assert flow.log10_ratio == -900.0
    assert flow.gain_per_layer == 0.0, "10^-450"
    assert measure_flow([900.0, 450.0, 0.0]).gain_per_layer == INF


def test_one_point_is_level_and_has_no_line() -> None:
    flow = measure_flow([-3.0])
    assert (flow.log10_ratio, flow.gain_per_layer, flow.r2) == (0.0, None, None)


def test_no_point_at_all() -> None:
    flow = measure_flow([])
    assert (flow.log10_ratio, flow.gain_per_layer, flow.r2, flow.risk) == (0.0, None, None, 0.0)


def test_an_exact_zero_at_the_first_point_is_a_ratio_of_zero() -> None:
    flow = measure_flow([ZERO, -1.0, 0.0])
    assert flow.log10_ratio == ZERO
    assert flow.risk == INF
    assert flow.gain_per_layer == pytest.approx(0.1), "the line goes through the points that are not zero"


def test_an_exact_zero_at_the_last_point_alone_is_an_infinite_ratio() -> None:
    flow = measure_flow([-1.0, 0.0, ZERO])
    assert flow.log10_ratio == INF
    assert flow.risk == INF


def test_zeros_at_both_ends_are_no_healthy_ratio() -> None:
    assert measure_flow([ZERO, 0.0, ZERO]).log10_ratio == ZERO
    flow = measure_flow([ZERO, ZERO])
    assert (flow.log10_ratio, flow.gain_per_layer, flow.r2) == (ZERO, None, None)


def test_a_zero_between_is_left_out_of_the_line_at_its_own_depth() -> None:
    flow = measure_flow([-3.0, ZERO, -1.0, 0.0])
    assert (flow.log10_ratio, flow.gain_per_layer) == (-3.0, pytest.approx(0.1))


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("value", [NAN, INF])
def test_what_is_no_number_has_no_gain(place: int, value: float) -> None:
    logs = [-1.0, -0.5, 0.0]
    logs[place] = value
    flow = measure_flow(logs)
    assert flow.gain_per_layer is not None
    assert math.isnan(flow.gain_per_layer)
    assert flow.r2 is not None
    assert math.isnan(flow.r2)


@pytest.mark.parametrize("logs", [[NAN, 0.0], [0.0, NAN], [NAN], [NAN, NAN], [INF, INF], [INF]])
def test_a_ratio_with_nan_is_nan(logs: list[float]) -> None:
    assert math.isnan(measure_flow(logs).log10_ratio)


def test_a_nan_behind_an_exact_zero_is_still_a_nan() -> None:
    assert math.isnan(measure_flow([ZERO, NAN]).log10_ratio)


def test_a_nan_between_sound_ends_leaves_no_sound_flow() -> None:
    flow = measure_flow([0.0, NAN, 0.0])
    assert not math.isfinite(flow.log10_ratio) or math.isnan(flow.gain_per_layer or 0.0)
