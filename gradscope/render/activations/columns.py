"""The columns of the table of activations: head, meaning, and how a cell is written."""

import math
from collections.abc import Callable
from typing import NamedTuple

from gradscope.render.quantities import NOTHING, value
from gradscope.theory.portrait import Moments, Portrait


class Column(NamedTuple):
    """One fact about activations."""

    head: str
    meaning: str
    rank: int
    """The smaller, the narrower the terminal that still shows it."""
    text: Callable[[Portrait], str]


def _range(found: Portrait) -> str:
    if found.value_range is None:
        return NOTHING
    low, high = found.value_range
    if low == -high and math.isfinite(high):
        return f"±{_place(high)}"
    return f"{_place(low)} .. {_place(high)}"


def _slope(found: Portrait) -> str:
    return value(found.max_slope)


def _centred(found: Portrait) -> str:
    return NOTHING if found.moments is None else "yes" if found.moments.is_centred else "no"


def flat(found: Portrait) -> str:
    """Where the slope is below 1 % of the largest: `|z|>5.99`, or `z<0 exact` where it is nothing at all."""
    below, above = found.fades_below, found.fades_above
    if below is not None and above is not None and math.isclose(below, -above):
        sides = [f"|z|>{_place(above)}"]
    else:
        sides = [f"z<{_place(below)}"] if below is not None else []
        sides += [f"z>{_place(above)}"] if above is not None else []
    if not sides:
        return NOTHING
    return " ".join([*sides, "exact"] if found.flat else sides)


def _place(z: float) -> str:
    """In at most two decimals; zero without a sign."""
    return f"{round(z, 2) + 0.0:g}"


def _moment(read: Callable[[Moments], float]) -> Callable[[Portrait], str]:
    return lambda found: NOTHING if found.moments is None else value(read(found.moments))


COLUMNS = (
    Column("range", "of φ", 0, _range),
    Column("slope", "the largest |φ′|", 5, _slope),
    Column("mean 0", "whether E φ is zero: outputs are zero-centred", 1, _centred),
    Column("E φ", "mean output", 7, _moment(lambda moments: moments.mean)),
    Column("E φ²", "second moment of the output", 3, _moment(lambda moments: moments.second)),
    Column("E φ′²", "mean squared slope", 3, _moment(lambda moments: moments.slope)),
    Column(
        "gain",
        "of the weights that keeps the gradient level, 1/√E φ′²",
        2,
        _moment(lambda moments: moments.gradient_gain),
    ),
    Column(
        "signal",
        "the gain that keeps the signal level, 1/√E φ²",
        6,
        _moment(lambda moments: moments.signal_gain),
    ),
    Column("flat", "where the slope is below 1% of the largest", 4, flat),
)
"""Averages are over z ~ N(0, 1)."""

ABOUT = "E is over z ~ N(0, 1); a gain multiplies a standard deviation of 1/√fan_in"
