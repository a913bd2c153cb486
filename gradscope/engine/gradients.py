"""Gradients of parameters: what every kind can tell, and small ones that are formed as they are."""

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from gradscope.engine import Array
from gradscope.engine.magnitude import log2_l2
from gradscope.engine.scaling import aligned, times_power_of_two


class Gradient(Protocol):
    """The gradient of one parameter for one batch, up to the exponent of the signal it came from."""

    @property
    def size(self) -> int:
        """The number of entries of the parameter."""

    @property
    def log2_l2(self) -> float:
        """log2 of the L2 norm over all entries; −inf for an exact zero."""

    @property
    def is_measured(self) -> bool:
        """Whether that norm is known already."""

    def matrix(self) -> Array:
        """The entries themselves, in the parameter's shape."""

    def write(self, out: Array, exponent: int = 0) -> float:
        """The same times 2^exponent into an array; gives log2 of the norm of what is in it then."""

    def plus(self, others: "list[tuple[Any, int]]") -> "Gradient":
        """The sum with the gradients of other uses of the parameter, under exponents relative to this
        one's."""

    def shifted(self, exponent: int) -> "Gradient":
        """The gradient times 2^exponent."""


class Written(ABC):
    """A gradient that keeps its norm when its entries are written: it need not be found from the factors
    then."""

    @property
    def is_measured(self) -> bool:
        """Whether the norm is known."""
        return _NORM in vars(self)

    def write(self, out: Array, exponent: int = 0) -> float:
        """The entries times 2^exponent into an array of the parameter's shape; gives log2 of their norm
        there, found while they are in cache, and keeps it where none of them can be lost."""
        self._fill(out, exponent)
        norm = log2_l2(out)
        if _FAINTEST < norm < math.inf:
            vars(self)[_NORM] = norm - exponent
        return norm

    @abstractmethod
    def _fill(self, out: Array, exponent: int) -> None:
        """Write the entries."""


_NORM = "log2_l2"
"""Where `cached_property` keeps it."""

_FAINTEST = -100.0
"""log2 of a norm of which no digit is in entries that float32 cannot hold."""


class Factored(Written):
    """The gradient of a weight as a sum over samples that knows what each of them contributes."""

    dtype: np.dtype[np.floating]
    """The precision it was computed in."""

    @property
    @abstractmethod
    def log2_l2(self) -> float:
        """log2 of the L2 norm of the batch gradient."""

    @property
    @abstractmethod
    def sample_squares(self) -> Array:
        """Squared L2 norms (B,) of the samples' contributions, divided by 4^sample_exponent."""

    @property
    @abstractmethod
    def sample_exponent(self) -> int:
        """What keeps `sample_squares` in range."""

    @abstractmethod
    def matrix(self) -> Array:
        """The entries themselves, in the parameter's shape."""


class Formed(Written):
    """The gradient of a small parameter (a gain, a slope, a scale), as the array it is."""

    def __init__(self, array: Array, exponent: int = 0):
        self.array = array
        self.size = array.size
        self.exponent = exponent

    @cached_property
    def log2_l2(self) -> float:
        """log2 of the L2 norm over all entries."""
        return log2_l2(self.array) + self.exponent

    def matrix(self) -> Array:
        """The entries, out of the range of their precision where the exponent takes them there."""
        return times_power_of_two(self.array, self.exponent)

    def plus(self, others: list[tuple["Formed", int]]) -> "Formed":
        """The sum with the gradients of other uses of the same parameter, each under an exponent relative to
        this."""
        uses = [(self.array, self.exponent), *((use.array, use.exponent + shift) for use, shift in others)]
        arrays, exponent = aligned(uses)
        return Formed(sum(arrays[1:], start=arrays[0]), exponent)

    def shifted(self, exponent: int) -> "Formed":
        """The gradient times 2^exponent."""
        return Formed(self.array, self.exponent + exponent)

    def _fill(self, out: Array, exponent: int) -> None:
        out[...] = times_power_of_two(self.array, self.exponent + exponent)
