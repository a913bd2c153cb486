import math

import pytest

from gradscope.numerals import count, factor, plural, power_of_ten


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


def test_nouns_agree_with_their_numbers() -> None:
    assert count(1, "trial") == "1 trial"
    assert count(0, "trial") == "0 trials"
    assert count(1234567, "parameter") == "1,234,567 parameters"
    assert [count(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]
    assert [plural(number, "layer") for number in (0.9, 1.0, math.inf, math.nan)] == [
        "layers",
        "layer",
        "layers",
        "layers",
    ]
