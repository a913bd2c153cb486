import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.errors import Mistake
from gradscope.sweeping import census as census_module
from gradscope.sweeping.census import SAMPLED, Census, census, sample
from gradscope.sweeping.grid import Draws
from tests.sweeping.sweeps import design
from tests.sweeping.test_grid import bounded, points


@bounded
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(0, 80))
def test_points_are_counted_though_only_the_axes_in_question_are_looked_at(
    a: int, b: int, c: int, limit: int
) -> None:
    expected = sum(x * y <= limit for x, y, _ in itertools.product(*(range(1, n + 1) for n in (a, b, c))))
    axes = {"x": [*range(1, a + 1)], "z": [*range(1, c + 1)], "y": [*range(1, b + 1)]}
    made = design(axes, where="x * y <= k", constants={"k": limit})
    if expected:
        assert census(made, a * b) == Census(expected)
        assert len(points(made)) == expected
    else:
        with pytest.raises(Mistake, match="no point meets the condition"):
            census(made, a * b)


def test_ten_million_points_are_counted_by_a_few_or_by_a_sample() -> None:
    axes = {"depth": "int:1:1000", "width": "int:1:100", "seed": "int:0:99"}
    exact = 100 * sum(depth * width < 5000 for depth in range(1, 1001) for width in range(1, 101))
    made = design(axes, where="depth * width < 5000")
    assert census(made, 100_000) == Census(exact)
    found = census(made, 99_999)
    assert found.is_about
    deviation = math.sqrt(exact / 1e7 * (1 - exact / 1e7) / SAMPLED)
    assert abs(found.points - exact) / 1e7 < 4.0 * deviation
    assert census(design(axes), 1) == Census(10**7)
    assert census(design(axes, where="1 < 2"), 1000) == Census(10**7)


def test_random_points_are_as_many_as_asked_for_or_as_there_are() -> None:
    axes = {"a": "int:1:1000", "b": "int:1:1000"}
    assert census(design(axes, draws=Draws(50), where="a < b"), 10**6) == Census(50)
    assert census(design({"a": "int:1:1000"}, draws=Draws(50), where="a < 11"), 10**6) == Census(10)
    many = census(design(axes, draws=Draws(10_000), where="a < b"), 1000)
    assert many == Census(10_000, is_about=True)


@pytest.mark.parametrize("where", [None, "a < 40", "a == 7 and b == 7"])
@pytest.mark.parametrize("draws", [None, Draws(40)])
def test_a_sample_has_points_of_the_design_and_all_of_them_where_there_are_few(
    where: str | None, draws: Draws | None
) -> None:
    made = design({"a": "int:1:50", "b": "int:1:50"}, where=where, draws=draws)
    found = [(point.number, point.values) for point in sample(made)]
    assert sorted(found) == points(made)


@pytest.mark.parametrize("where", [None, "a > 20"])
def test_a_sample_of_many_is_from_all_over_them(where: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census_module, "SAMPLED", 1000)
    made = design({"a": "int:1:1000", "seed": "int:0:9"}, where=where)
    found = [*sample(made)]
    assert {point.number: point.values for point in found}.items() <= dict(points(made)).items()
    assert 900 < len(found) <= 1000
    assert len({point.number for point in found}) == len(found)
    assert {point.values[1] for point in found} == {*range(10)}
    thirds = [sum(point.values[0] * 3 // 1001 == third for point in found) for third in range(3)]
    assert min(thirds) > 250


def test_where_the_sample_misses_the_few_the_first_of_them_stand_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(census_module, "SAMPLED", 10)
    assert [point.values for point in sample(design({"a": "int:1:5000"}, where="a == 4321"))] == [(4321,)]
