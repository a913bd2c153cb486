"""How numbers are written for people: shares in per cent, values in three digits, norms in powers of ten."""

import math
from collections.abc import Iterable

from gradscope.numerals import power10, power_of_ten

NOTHING = "–"
"""Stands where a layer has no such quantity."""


def share(fraction: float | None) -> str:
    """A share of [0, 1] in per cent; 0% and 100% are exact, what is nearly so is not rounded to them."""
    if fraction is None:
        return NOTHING
    if math.isnan(fraction):
        return "nan"
    percent = 100.0 * fraction
    if 0.0 < percent < 0.1:
        return "<0.1%"
    if 99.5 <= percent < 100.0:
        return ">99%"
    return f"{percent:.1f}%" if 0.0 < percent < 9.95 else f"{percent:.0f}%"


def largest(shares: Iterable[float | None]) -> float | None:
    """The largest share that is there; a NaN counts as the largest."""
    found = [fraction for fraction in shares if fraction is not None]
    return max(found, key=lambda fraction: math.inf if math.isnan(fraction) else fraction, default=None)


def value(number: float | None) -> str:
    """A number in three digits, in powers of ten where it is very small or large."""
    if number is None:
        return NOTHING
    if not math.isfinite(number):
        return str(number)
    if number == 0.0:
        return "0"
    rounded = float(f"{number:.2e}")
    if 1e-3 <= abs(rounded) < 1e4:
        digits = max(0, 2 - math.floor(math.log10(abs(rounded))))
        return f"{number:.{digits}f}"
    return f"{number:.1e}"


def setting(number: float) -> str:
    """A number that was asked for, as one writes it: 0.1, 0.0004, 1e-05."""
    return f"{number:g}"


def norm(log10: float | None) -> str:
    """A norm from its log10, so that 1e-412 is written as such."""
    return NOTHING if log10 is None else power_of_ten(log10)


def ratio(log10: float) -> str:
    """A factor from its log10: plain where it is near 1, in powers of ten where it is far."""
    return value(power10(log10)) if abs(log10) < 3.0 else power_of_ten(log10)


def factor(number: float | None) -> str:
    """What something is multiplied by at each step: `×0.91`."""
    return NOTHING if number is None else f"×{value(number)}"
