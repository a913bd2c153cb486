"""The gradient's way through the depth: ratio, gain per layer and straightness over the flow points."""

import math
from collections.abc import Sequence

from gradscope.numerals import power10
from gradscope.probe.trace import Flow


def measure_flow(log10_l2: Sequence[float]) -> Flow:
    """Flow from log10 L2 of the output gradient at the flow points, in forward order.

    The ratio is first over last; its log10 is −inf when nothing arrives at the first, inf when only the last
    is zero. The gain is the factor per flow point towards the input, by least squares over the points that
    are not zero.
    """
    if not log10_l2:
        return Flow(0.0, None, None)
    first, last = log10_l2[0], log10_l2[-1]
    ratio = first - last if first != -math.inf or math.isnan(last) else -math.inf
    if any(math.isnan(value) or value == math.inf for value in log10_l2):
        return Flow(ratio if len(log10_l2) > 1 else math.nan, math.nan, math.nan)
    points = [(depth, value) for depth, value in enumerate(log10_l2) if value != -math.inf]
    if len(points) < 2:
        return Flow(ratio, None, None)
    slope, r2 = _straight_line(points)
    return Flow(ratio, power10(-slope), r2)


def _straight_line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Slope and r² of the least-squares line; a level line is fitted perfectly."""
    count = len(points)
    mean_x = math.fsum(x for x, _ in points) / count
    mean_y = math.fsum(y for _, y in points) / count
    of_x = math.fsum((x - mean_x) ** 2 for x, _ in points)
    of_y = math.fsum((y - mean_y) ** 2 for _, y in points)
    both = math.fsum((x - mean_x) * (y - mean_y) for x, y in points)
    return both / of_x, (both * both / (of_x * of_y) if of_y > 0.0 else 1.0)
