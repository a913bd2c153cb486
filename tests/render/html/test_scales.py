import math

import pytest

from gradscope.render.html.scales import MOST_TICKS, Scale, span


@pytest.mark.parametrize("level", [0.0, 1.0, -7.0, 1e12, 1e300, -1e300])
def test_an_axis_around_one_number_has_two_ends(level: float) -> None:
    low, high = span([level, None, math.nan, level, math.inf])
    assert low < level < high
    scale = Scale(low, high, 0.0, 100.0)
    assert 0.0 < scale(level) < 100.0
    assert 0 < len(scale.ticks) <= MOST_TICKS
    assert len(set(scale.ticks)) == len(scale.ticks)


def test_an_axis_of_powers_of_ten_ends_at_whole_ones() -> None:
    assert span([-2.5, 0.3], whole=True) == (-3, 1)
    assert span([2.0], least=3.0) == (0.5, 3.5)
