"""The backward signal: a gradient as mantissa and exponent, so that it neither underflows nor overflows at
any depth."""

import math

import numpy as np

from gradscope.engine import Array
from gradscope.engine.magnitude import log2_l2, sum_of_squares
from gradscope.engine.scaling import times_power_of_two

WINDOW = 16
"""The mantissa's RMS is kept within 2^±WINDOW: far from the ends of float32, and rarely rescaled."""

_LEAST, _LARGEST = 2.0 ** (-2 * WINDOW), 2.0 ** (2 * WINDOW)
"""Mean squares there."""


class Signal:
    """The array mantissa · 2^exponent.

    Backprop is linear in dy, so multiplying it by a power of two, exactly, and keeping the exponent apart
    changes nothing but the range: 1e-900 is a number.
    """

    __slots__ = ("_mantissa_log2_l2", "_square", "exponent", "mantissa")

    def __init__(self, mantissa: Array, exponent: int = 0):
        self.mantissa = mantissa
        self.exponent = exponent
        self._square: float | None = None
        self._mantissa_log2_l2: float | None = None

    @property
    def square(self) -> float:
        """The sum of the mantissa's squares, computed once."""
        if self._square is None:
            self._square = sum_of_squares(self.mantissa)
        return self._square

    @property
    def mantissa_log2_l2(self) -> float:
        """log2 of the mantissa's L2 norm, computed once."""
        if self._mantissa_log2_l2 is None:
            self._mantissa_log2_l2 = log2_l2(self.mantissa, self.square)
        return self._mantissa_log2_l2

    @property
    def log2_l2(self) -> float:
        """log2 of the signal's L2 norm: −inf for an exact zero, nan or inf where an entry is."""
        return self.mantissa_log2_l2 + self.exponent

    def rescaled(self) -> "Signal":
        """The same signal with its mantissa's RMS near 1 again, if it had left 2^±WINDOW."""
        count = self.mantissa.size
        if _LEAST * count < self.square < _LARGEST * count:
            return self
        size = self.mantissa_log2_l2 - 0.5 * math.log2(count or 1)
        if -WINDOW <= size <= WINDOW or not math.isfinite(size):
            return self
        shift = round(size)
        return Signal(times_power_of_two(self.mantissa, -shift), self.exponent + shift)

    def with_mantissa(self, mantissa: Array) -> "Signal":
        """Another mantissa under the same exponent."""
        return Signal(mantissa, self.exponent)

    def scaled(self, factor: float) -> "Signal":
        """The signal times a number, whatever its size."""
        if factor == 1.0:
            return self
        mantissa, exponent = math.frexp(factor)
        return Signal(self.mantissa * self.mantissa.dtype.type(mantissa), self.exponent + exponent)

    def __add__(self, other: "Signal") -> "Signal":
        """The sum, aligned to the larger of both; a part 2^-150 below the other in float32 is below its
        rounding."""
        if not math.isfinite(self.log2_l2) or not math.isfinite(other.log2_l2):
            return self._joined_with_limit(other)
        if self.exponent == other.exponent:
            return Signal(self.mantissa + other.mantissa, self.exponent)
        # Rescaled first: a large exponent over a tiny mantissa would shift the other one's digits out of
        # range.
        mine, theirs = self.rescaled(), other.rescaled()
        exponent = max(mine.exponent, theirs.exponent)
        aligned = (times_power_of_two(part.mantissa, part.exponent - exponent) for part in (mine, theirs))
        return Signal(np.add(*aligned), exponent)

    def _joined_with_limit(self, other: "Signal") -> "Signal":
        # An exact zero has no scale of its own and must not drag the other one's exponent along.
        if self.log2_l2 == -math.inf:
            return other
        if other.log2_l2 == -math.inf:
            return self
        return Signal(self.mantissa + other.mantissa, max(self.exponent, other.exponent))
