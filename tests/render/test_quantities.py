import math

import pytest

from gradscope.render.quantities import norm, ratio, share, value


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        (None, "–"),
        (0.0, "0%"),
        (1e-9, "<0.1%"),
        (0.001, "0.1%"),
        (0.0312, "3.1%"),
        (0.0994, "9.9%"),
        (0.0996, "10%"),
        (0.5, "50%"),
        (0.994, "99%"),
        (0.9999, ">99%"),
        (1.0, "100%"),
        (math.nan, "nan"),
    ],
)
def test_only_exact_shares_are_shown_as_none_and_all(fraction: float | None, shown: str) -> None:
    assert share(fraction) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, "–"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.00099, "9.9e-04"),
        (0.001, "0.00100"),
        (0.98765, "0.988"),
        (0.99999, "1.00"),
        (-12.34, "-12.3"),
        (999.9, "1000"),
        (9994.0, "9994"),
        (9995.0, "1.0e+04"),
        (5e-324, "4.9e-324"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
    ],
)
def test_values_have_three_digits(number: float | None, shown: str) -> None:
    assert value(number) == shown


@pytest.mark.parametrize(
    ("log10", "shown"),
    [(None, "–"), (-411.5, "3.2e-412"), (500.0, "1.0e+500"), (-math.inf, "0"), (math.nan, "nan")],
)
def test_norms_may_be_beyond_floats(log10: float | None, shown: str) -> None:
    assert norm(log10) == shown


@pytest.mark.parametrize(
    ("log10", "shown"),
    [
        (0.0, "1.00"),
        (-2.5, "0.00316"),
        (-14.0, "1.0e-14"),
        (4.0, "1.0e+04"),
        (math.inf, "inf"),
        (-math.inf, "0"),
    ],
)
def test_ratios_are_plain_near_one(log10: float, shown: str) -> None:
    assert ratio(log10) == shown
