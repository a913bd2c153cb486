"""From numbers to places: the span of an axis, its round ticks, and which positions have a label."""

import math
from collections.abc import Iterable

from msgspec import Struct

from gradscope.render.characters import visible

MOST_TICKS = 8
MOST_LABELS = 12


class Scale(Struct, frozen=True):
    """A straight line from numbers to places."""

    low: float
    high: float
    start: float
    """The place of `low`."""
    end: float

    def __call__(self, number: float) -> float:
        """The place of a number; what is beyond an end, at the end."""
        share = (number - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round numbers in it, at most `MOST_TICKS`."""
        step = _step(self.high - self.low)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(number * step, 12) for number in range(first, last + 1)]


def span(
    numbers: Iterable[float | None], *, least: float | None = None, whole: bool = False
) -> tuple[float, float]:
    """The ends of an axis around all finite numbers.

    Args:
        numbers: what is shown.
        least: how much the axis spans at least.
        whole: whether it ends at whole numbers, as one of powers of ten does.
    """
    finite = [number for number in numbers if number is not None and math.isfinite(number)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    missing = (least or 0.0) - (high - low)
    if missing > 0.0:
        low, high = low - missing / 2.0, high + missing / 2.0
    if whole:
        low, high = math.floor(low + 1e-9), math.ceil(high - 1e-9)
    if not high > low:
        margin = max(0.5, 1e-9 * abs(low))  # of a number so large that a half is lost in it
        low, high = low - margin, high + margin
    return low, high


def shown_labels(count: int, most: int = MOST_LABELS) -> list[int]:
    """Which of the positions have a label: both ends, and others evenly between, none nearer to the last."""
    if count <= most:
        return list(range(count))
    step = _whole_step(count - 1, most - 1)
    return [0, *range(step, count - step, step), count - 1]


def short_label(label: str, longest: int) -> str:
    """A label in at most so many characters: numbers rounded, words cut."""
    label = visible(label)
    if len(label) <= longest:
        return label
    try:
        return f"{float(label):.4g}"
    except ValueError:
        return f"{label[: longest - 1]}…"


def _step(width: float) -> float:
    return _round_above(width / (MOST_TICKS - 1))


def _whole_step(count: int, most: int) -> int:
    return max(1, math.ceil(_round_above(count / most)))


def _round_above(number: float) -> float:
    """1, 2 or 5 times a power of ten, not below the number."""
    power: float = 10.0 ** math.floor(math.log10(number))
    return next(power * factor for factor in (1.0, 2.0, 5.0, 10.0) if power * factor >= number * (1 - 1e-9))
