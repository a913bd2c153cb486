import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.render.bars import Scale, bar, scale_of

exponents = st.floats(-1000, 1000)


def length(text: str) -> int:
    """Eighths of a cell, told from the characters themselves."""
    return sum(" ▏▎▍▌▋▊▉█".index(char) for char in text)


def test_the_scale_is_whole_powers_of_ten_around_the_values() -> None:
    assert scale_of([-13.4, -0.6, -math.inf, math.nan]) == Scale(-14, 0)


def test_a_level_gradient_has_level_bars() -> None:
    scale = scale_of([-0.51, -0.52, -0.53])
    assert scale == Scale(-3, 0)
    assert {len(bar(value, scale, 12)) for value in (-0.51, -0.52, -0.53)} == {10}


def test_nothing_finite_still_has_a_scale() -> None:
    assert scale_of([math.nan, -math.inf]) == Scale(-3, 0)


@given(st.lists(exponents, min_size=2, max_size=20), st.integers(1, 40))
def test_longer_bars_are_larger_norms_and_all_fit(values: list[float], width: int) -> None:
    scale = scale_of(values)
    lengths = [length(bar(value, scale, width)) for value in sorted(values)]
    assert lengths == sorted(lengths)
    assert lengths[0] >= 1
    assert lengths[-1] <= 8 * width


@pytest.mark.parametrize(("value", "shown"), [(-math.inf, ""), (math.nan, "nan"), (math.inf, "inf")])
def test_what_is_no_length_is_no_bar(value: float, shown: str) -> None:
    assert bar(value, Scale(-3, 0), 12) == shown


def test_bars_are_exact_to_an_eighth() -> None:
    scale = Scale(0, 8)
    assert [bar(value / 8, scale, 8) for value in (1, 4, 8, 20, 64)] == ["▏", "▌", "█", "██▌", "████████"]


def test_the_head_names_both_ends_or_nothing() -> None:
    assert Scale(-14, 0).head(14) == "1e-14    1e+00"
    assert Scale(-14, 0).head(10) == ""
