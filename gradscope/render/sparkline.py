"""A sequence of norms as a row of small bars: how the gradient fades through time, from the first step to the
last."""

import math
from collections.abc import Sequence

LEAST_DECADES = 3.0
"""The height of a bar is worth at least that many powers of ten: a level gradient has level bars."""
MOST_CELLS = 8

_EIGHTHS = "▁▂▃▄▅▆▇█"


def sparkline(exponents: Sequence[float]) -> str:
    """Bars of 10^exponents, at most `MOST_CELLS` of them, from evenly spaced steps with both ends among
    them."""
    finite = [exponent for exponent in exponents if math.isfinite(exponent)]
    if len(finite) < len([exponent for exponent in exponents if exponent != -math.inf]):
        return "nan"
    high = max(finite, default=0.0)
    decades = max(LEAST_DECADES, high - min(finite, default=0.0))
    return "".join(_bar(exponent, high, decades) for exponent in _sampled(exponents))


def _sampled(exponents: Sequence[float]) -> list[float]:
    cells = min(MOST_CELLS, len(exponents))
    if cells < 2:
        return list(exponents)
    return [exponents[round(cell * (len(exponents) - 1) / (cells - 1))] for cell in range(cells)]


def _bar(exponent: float, high: float, decades: float) -> str:
    """The lowest for whatever is at the bottom, nothing at all for an exact zero."""
    if exponent == -math.inf:
        return " "
    return _EIGHTHS[round((len(_EIGHTHS) - 1) * (1.0 - (high - exponent) / decades))]
