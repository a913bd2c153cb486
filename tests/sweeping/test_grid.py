import itertools
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.errors import Mistake, Place
from gradscope.sweeping.axes import Axis, make_axis
from gradscope.sweeping.grid import Design, Draws, design_from_plain
from tests.strategies import bounded
from tests.sweeping.sweeps import design

sizes = st.lists(st.integers(1, 7), min_size=1, max_size=4)


def axes_of(lengths: list[int], first: str = "a") -> list[Axis]:
    """Axes a, b, … with the values 0, 1, … as many as said."""
    names = [chr(ord(first) + number) for number in range(len(lengths))]
    return [make_axis(name, range(length), Place(name)) for name, length in zip(names, lengths, strict=True)]


def points(made: Design) -> list[tuple[int, tuple[Any, ...]]]:
    return [(point.number, point.values) for block in made.blocks() for point in block]


@bounded
@given(sizes)
def test_a_grid_is_the_product_of_its_axes_the_last_varying_fastest(lengths: list[int]) -> None:
    made = Design(axes_of(lengths))
    expected = [*itertools.product(*map(range, lengths))]
    assert points(made) == [*enumerate(expected)]
    assert made.candidates == made.most == len(expected)
    assert [made.values(number) for number in range(made.most)] == expected


@bounded
@given(sizes, st.lists(st.integers(1, 3), min_size=1, max_size=3), st.integers(1, 6))
def test_zipped_axes_go_together(lengths: list[int], group: list[int], size: int) -> None:
    made = Design(axes_of(lengths), zipped=[axes_of([size] * len(group), "p")])
    expected = [
        (*values, *[k] * len(group)) for *values, k in itertools.product(*map(range, [*lengths, size]))
    ]
    assert [values for _, values in points(made)] == expected


@bounded
@given(sizes, st.integers(0, 12))
def test_a_condition_drops_points_and_leaves_numbers_and_values(lengths: list[int], limit: int) -> None:
    names = "+".join("abcd"[: len(lengths)])
    made = Design(axes_of(lengths), where=f"{names} < {limit}")
    expected = [
        (number, values)
        for number, values in enumerate(itertools.product(*map(range, lengths)))
        if sum(values) < limit
    ]
    if expected:
        assert points(made) == expected
        return
    with pytest.raises(Mistake) as caught:
        points(made)
    assert caught.value.fact == f"no point meets the condition '{names} < {limit}'"


@bounded
@given(sizes, st.integers(1, 60), st.integers(0, 2**40))
def test_random_points_of_a_grid_are_different_ones_of_its_own(
    lengths: list[int], count: int, seed: int
) -> None:
    grid = {values for _, values in points(Design(axes_of(lengths)))}
    drawn = [values for _, values in points(Design(axes_of(lengths), draws=Draws(count, seed)))]
    assert len(drawn) == len(set(drawn)) == min(count, len(grid))
    assert set(drawn) <= grid


@bounded
@given(sizes, st.integers(1, 30), st.integers(0, 2**40))
def test_more_random_points_begin_with_the_same(lengths: list[int], count: int, seed: int) -> None:
    few = points(Design(axes_of(lengths), draws=Draws(count, seed)))
    many = points(Design(axes_of(lengths), draws=Draws(2 * count, seed)))
    assert many[: len(few)] == few


def test_random_points_of_intervals() -> None:
    made = design({"x": "lin:-1:1", "g": "log:0.01:100", "act": ["relu", "tanh"]}, draws=Draws(500, 3))
    found = [values for _, values in points(made)]
    assert len(set(found)) == 500
    assert all(-1 <= x <= 1 and 0.01 <= g <= 100 for x, g, _ in found)
    assert abs(sum(x > 0 for x, _, _ in found) - 250) < 50
    assert abs(sum(g > 1 for _, g, _ in found) - 250) < 50
    assert {act for *_, act in found} == {"relu", "tanh"}
    assert points(made) == points(design_from_plain(made.to_plain()))
    assert found[:3] == [made.values(number) for number in range(3)]


def test_random_points_meet_the_condition_and_are_as_many_as_asked_for() -> None:
    made = design({"x": "lin:0:1", "y": "lin:0:1"}, draws=Draws(100), where="x < 0.2 and y > x")
    found = [values for _, values in points(made)]
    assert len(found) == 100
    assert all(x < 0.2 and y > x for x, y in found)


def test_a_condition_that_leaves_hardly_anything_is_told() -> None:
    with pytest.raises(Mistake) as caught:
        points(design({"x": "lin:0:1"}, draws=Draws(3), where="x > 2"))
    assert caught.value.fact == "fewer than 3 of 100,000 random points meet the condition"


def test_drawing_from_a_grid_beyond_counting_ends_too() -> None:
    axes = {"a": "int:1:1000000000", "b": "int:1:1000000000"}
    with pytest.raises(Mistake) as caught:
        points(design(axes, draws=Draws(3), where="a < 0"))
    assert caught.value.fact == "fewer than 3 of 100,000 random points meet the condition"
    with pytest.raises(Mistake) as caught:
        points(design({"a": "int:1:1000"}, draws=Draws(3), where="a < 0"))
    assert caught.value.fact == "no point meets the condition 'a < 0'"


@bounded
@given(sizes, st.none() | st.integers(1, 9))
def test_a_design_is_restored_from_plain_data(lengths: list[int], count: int | None) -> None:
    made = Design(
        axes_of(lengths),
        zipped=[axes_of([3, 3], "p")],
        draws=None if count is None else Draws(count, 5),
        where="a + p < k",
        constants={"k": 4},
    )
    again = design_from_plain(made.to_plain())
    assert again.digest == made.digest
    assert points(again) == points(made)


def test_designs_with_other_points_have_other_digests() -> None:
    designs = [
        design({"a": [1, 2]}),
        design({"a": [2, 1]}),
        design({"b": [1, 2]}),
        design({"a": [1, 2.0]}),
        design({"a": [1, 2], "b": [1]}),
        design({"a": [1, 2]}, where="a > 0"),
        design({"a": [1, 2]}, draws=Draws(2)),
        design({"a": [1, 2]}, draws=Draws(2, 1)),
        design({"a": "lin:1:2:2"}),
    ]
    assert len({made.digest for made in designs}) == len(designs)


@pytest.mark.parametrize("where", [None, "depth * gain < 5000"])
def test_ten_million_points_start_within_a_second_in_flat_memory(where: str | None) -> None:
    tracemalloc.start()
    start = time.perf_counter()
    made = design({"depth": "int:1:1000", "gain": "log:0.1:10:1000", "seed": "int:0:9"}, where=where)
    blocks = made.blocks()
    assert made.most == 10_000_000
    assert len(next(blocks)) == 256
    assert time.perf_counter() - start < 1.0
    _, early = tracemalloc.get_traced_memory()
    for _ in range(50):
        next(blocks)
    _, late = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert late < early + 200_000
    assert late < 3_000_000


def test_a_block_comes_soon_though_everything_is_dropped() -> None:
    made = design({"a": "int:1:10000000"}, where="a < 0")
    start = time.perf_counter()
    assert next(made.blocks()) == []
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize(
    ("axes", "options", "message"),
    [
        ({}, {}, "there is nothing to vary"),
        ({"a": "int:1:1000000000", "b": "int:1:1000000000"}, {}, "the axes make 1e+18 points"),
        ({"a": "lin:0:1"}, {}, "the range of 'a' does not say how many values it has"),
        ({"a": [1]}, {"zipped": [axes_of([2], "a")]}, "the axis 'a' is given twice"),
        (
            {"x": [1]},
            {"zipped": [axes_of([2]) + axes_of([3], "b")]},
            "zipped axes have different numbers of values: a has 2, b has 3",
        ),
        ({"a": [1]}, {"where": "b > 1"}, "there is no axis and no knob 'b'"),
    ],
)
def test_axes_that_do_not_go_together(axes: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(Mistake) as caught:
        design(axes, **options)
    assert caught.value.fact == message
    assert caught.value.hint


def test_a_grid_beyond_counting_can_be_drawn_from() -> None:
    made = design(
        {"a": "int:1:1000000000", "b": "int:1:1000000000", "c": "int:1:1000000000"}, draws=Draws(10)
    )
    assert len({values for _, values in points(made)}) == 10
