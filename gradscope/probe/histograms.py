"""How the entries of an array are spread: counts in bins. Which arrays are counted, a training decides."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from gradscope.engine import Array
from gradscope.engine.layer import Cache, Gradients, Listener, Step
from gradscope.engine.signal import Signal

BINS = 40


class Histogram(Struct, frozen=True):
    """Counts of the finite entries of an array in bins of one width."""

    least: float
    largest: float
    total: float
    squares: float
    """The sum of the squared entries."""
    limits: tuple[float, ...]
    """The upper end of each bin."""
    counts: tuple[int, ...]


def histogram(array: Array) -> Histogram | None:
    """The histogram of an array's finite entries; None where there are none."""
    entries = array.reshape(-1).astype(np.float64)
    entries = entries[np.isfinite(entries)]
    if not entries.size:
        return None
    least, largest = float(entries.min()), float(entries.max())
    with np.errstate(all="ignore"):
        edges = np.linspace(least, largest, BINS + 1)
        has_bins = bool((np.diff(edges) > 0.0).all())
    # All may be alike, so close that no bins fit between them, or so far apart that their distance overflows.
    if not has_bins:
        return Histogram(least, largest, *_sums(entries), (largest,), (entries.size,))
    counts, _ = np.histogram(entries, bins=edges)
    return Histogram(least, largest, *_sums(entries), tuple(edges[1:].tolist()), tuple(counts.tolist()))


def _sums(entries: Array) -> tuple[float, float]:
    with np.errstate(all="ignore"):
        return float(entries.sum()), float(entries @ entries)


class OutputCounter:
    """A listener that counts the outputs of every layer of one pass, and tells another listener of all."""

    def __init__(self, beside: Listener) -> None:
        self._beside = beside
        self._found: dict[str, Histogram] = {}

    @property
    def found(self) -> Mapping[str, Histogram]:
        """By the names of the layers."""
        return self._found

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """Count the output."""
        self._beside.output(step, y, cache)
        counted = histogram(y)
        if counted is not None:
            self._found[step.info.name] = counted

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """Let it pass."""
        self._beside.gradient(step, dy, gradients)
