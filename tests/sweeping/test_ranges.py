import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.errors import Mistake
from gradscope.sweeping.ranges import Interval, Range, read_range
from tests.strategies import bounded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lin:0:1:11", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        ("lin:10:50:5", [10, 20, 30, 40, 50]),
        ("lin:1:2:3", [1.0, 1.5, 2.0]),
        ("log:0.1:10:5", [0.1, 0.316227766017, 1.0, 3.16227766017, 10.0]),
        ("int:3:7", [3, 4, 5, 6, 7]),
        ("int:1:10:4", [1, 4, 7, 10]),
        ("int:lin:0:3:100", [0, 1, 2, 3]),
        ("int:log:1:1000:7", [1, 3, 10, 32, 100, 316, 1000]),
        ("int:log:1:4:30", [1, 2, 3, 4]),
    ],
)
def test_the_numbers_of_a_range(text: str, expected: list[float]) -> None:
    found = read_range(text)
    assert not isinstance(found, Interval)
    assert [*found] == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lin:0", "'lin:0' is not a range"),
        ("lin:0:1:2:3", "'lin:0:1:2:3' is not a range"),
        ("lin:a:1:3", "'a' in 'lin:a:1:3' is not a number"),
        ("lin:1:0:3", "the range 'lin:1:0:3' goes from 1 to 0"),
        ("lin:0:1:1", "'1' in 'lin:0:1:1' is not a count of values"),
        ("lin:0:1:2.5", "'2.5' in 'lin:0:1:2.5' is not a count of values"),
        ("log:0:1:3", "the logarithmic range 'log:0:1:3' begins at 0"),
        ("int:0.5:3", "the ends of 'int:0.5:3' are not whole numbers"),
        ("int:log:1:9", "'int:log:1:9' does not say how many numbers it has"),
        ("int:0:10000000000", "'int:0:10000000000' has more than 1,000,000,000 values"),
        ("int:log:1:9:200000", "'int:log:1:9:200000' has more than 100,000 values"),
    ],
)
def test_what_is_no_range(text: str, message: str) -> None:
    with pytest.raises(Mistake) as caught:
        read_range(text)
    assert caught.value.fact == message
    assert caught.value.hint


@bounded
@given(st.sampled_from(["lin", "log"]), st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 50))
def test_a_range_rises_evenly_from_end_to_end(spacing: str, one: float, other: float, count: int) -> None:
    low, high = sorted((one, other))
    if high < low * 1.001:
        high = low * 2
    found = read_range(f"{spacing}:{low}:{high}:{count}")
    assert isinstance(found, Range)
    values = [*found]
    assert (len(values), values[0], values[-1]) == (count, low, high)
    measured = [math.log(value) for value in values] if spacing == "log" else values
    steps = [after - before for before, after in itertools.pairwise(measured)]
    assert steps == pytest.approx(
        [(measured[-1] - measured[0]) / (count - 1)] * (count - 1), rel=1e-4, abs=1e-9
    )


@bounded
@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6), st.integers(2, 300))
def test_whole_ranges_have_distinct_rising_numbers(low: int, length: int, count: int) -> None:
    values = [*read_range(f"int:{low}:{low + length}:{count}")]  # type: ignore[misc]
    assert values == sorted(set(values))
    assert (values[0], values[-1]) == (low, low + length)
    assert len(values) == min(count, length + 1)


@pytest.mark.parametrize("spacing", ["lin", "log"])
def test_an_interval_knows_how_far_a_number_is(spacing: str) -> None:
    interval = read_range(f"{spacing}:0.5:8")
    assert isinstance(interval, Interval)
    assert [interval.at(0.0), interval.at(1.0)] == [0.5, 8.0]
    for share in (0.1, 0.5, 0.9):
        assert interval.share_of(interval.at(share)) == pytest.approx(share)


def test_a_range_is_not_made_before_it_is_needed() -> None:
    assert read_range("lin:0:1:1000000000")[999_999_999] == 1.0  # type: ignore[index]
