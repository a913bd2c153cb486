"""A quantity over the steps as a row of small bars, on a scale of its own."""

import math
from collections.abc import Sequence
from itertools import pairwise

_EIGHTHS = "▁▂▃▄▅▆▇█"


def curve(values: Sequence[float], cells: int) -> str:
    """Means of the values over as many stretches as there are cells; `!` where one is no finite number."""
    cells = min(cells, len(values))
    edges = [round(cell * len(values) / cells) for cell in range(cells + 1)] if cells else []
    means = [_mean(values[start:stop]) for start, stop in pairwise(edges)]
    finite = [mean for mean in means if math.isfinite(mean)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_bar(mean, low, high) for mean in means)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _bar(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return "!"
    # A level quantity has level bars.
    height = (value - low) / (high - low) if high - low > 1e-9 * abs(high) else 0.5
    return _EIGHTHS[round((len(_EIGHTHS) - 1) * height)]
