"""A norm as a bar: log10 on one scale for the whole table, so that the flow is seen at a glance."""

import math
from collections.abc import Iterable

from msgspec import Struct

from gradscope.numerals import power_of_ten

LEAST_DECADES = 3
"""A narrower scale would blow up noise: a level gradient has level bars."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"


class Scale(Struct, frozen=True):
    """The exponents of ten at the empty and at the full end of a bar."""

    low: int
    high: int

    def head(self, width: int) -> str:
        """Both ends in words, or nothing when they are too long."""
        low, high = power_of_ten(self.low, 0), power_of_ten(self.high, 0)
        blanks = width - len(low) - len(high)
        return low + " " * blanks + high if blanks > 0 else ""


def scale_of(exponents: Iterable[float]) -> Scale:
    """Whole powers of ten around all finite values, at least `LEAST_DECADES` of them."""
    finite = [exponent for exponent in exponents if math.isfinite(exponent)]
    if not finite:
        return Scale(-LEAST_DECADES, 0)
    high = math.ceil(max(finite))
    return Scale(min(math.floor(min(finite)), high - LEAST_DECADES), high)


def bar(exponent: float, scale: Scale, width: int) -> str:
    """The bar of 10^exponent in eighths of a cell: none for an exact zero, at least one for anything else."""
    if exponent == -math.inf:
        return ""
    if not math.isfinite(exponent):
        return str(exponent)
    length = (exponent - scale.low) / (scale.high - scale.low)
    whole, rest = divmod(max(1, round(8 * width * length)), 8)
    return _EIGHTHS[8] * whole + _EIGHTHS[rest].strip()
