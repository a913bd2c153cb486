import math

import pytest

from gradscope.numerals import factor, power_of_ten


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.00"), (0.279, "0.28"), (0.004, "4.0e-03"), (12.345, "12.35"), (1.4142e38, "1.4e+38")],
)
def test_a_factor_is_short_whatever_its_size(value: float, text: str) -> None:
    assert factor(value) == text


@pytest.mark.parametrize(
    ("log10", "text"),
    [(-411.5, "3.2e-412"), (-math.inf, "0"), (math.inf, "inf"), (math.nan, "nan"), (2.99999, "1.0e+03")],
)
def test_a_logarithm_is_told_as_the_number_it_stands_for(log10: float, text: str) -> None:
    assert power_of_ten(log10) == text
