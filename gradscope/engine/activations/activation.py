"""The record of an elementwise activation: the function, its derivative, and what is true of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from gradscope.engine import Array

Interval = tuple[float, float]
"""Two ends, ±inf where there is none."""


@dataclass(frozen=True)
class Activation:
    """Elementwise a = fn(z), its derivative from (z, a), and what is true of it.

    Both functions take float32 or float64 arrays of at least one axis, keep their precision, and are right
    and silent for every finite z.
    """

    name: str
    fn: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    """(z, a) -> φ′(z); at a kink the derivative from the left, 0 for ReLU."""
    max_slope: float
    """The largest |φ′|, or its supremum."""
    saturates: bool
    """Has a side on which its slope fades to zero without being a rectifier."""
    flat: tuple[Interval, ...] = ()
    """Open intervals on which the derivative is exactly zero: units resting there are inactive."""
    kinks: tuple[float, ...] = ()
    """Where the derivatives from the left and from the right differ."""
    value_range: Interval = (-math.inf, math.inf)
    """Infimum and supremum of φ."""
    is_linear: bool = False

    @property
    def rectifies(self) -> bool:
        """Flat for all negative z by design, as ReLU is."""
        return bool(self.flat) and self.flat[0] == (-math.inf, 0.0)
