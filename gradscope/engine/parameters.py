"""A parameter of a layer: where its entries live, and the shape it is known by outside. Draws nothing."""

import math
from typing import NamedTuple

from gradscope.engine import Array
from gradscope.engine.weights import Weight


class Parameter(NamedTuple):
    """A weight that is drawn when asked for, or an array that a layer holds."""

    home: Weight | Array
    shape: tuple[int, ...]
    """Of `array` and of the gradient: a bias is a row there, a kernel has its own axes."""

    @property
    def size(self) -> int:
        """The number of entries."""
        return math.prod(self.shape)

    @property
    def array(self) -> Array:
        """The entries; of a weight a copy."""
        return self.home.matrix().reshape(self.shape) if isinstance(self.home, Weight) else self.home

    @property
    def pieces(self) -> tuple[Array, ...]:
        """The entries where they live, to be written to: from now on they are held."""
        return self.home.opened() if isinstance(self.home, Weight) else (self.home,)

    def split(self, entries: Array) -> tuple[Array, ...]:
        """Views of entries in the order of `array`, one for each of the `pieces`."""
        if isinstance(self.home, Weight):
            matrix = entries.reshape(self.home.shape)
            return tuple(matrix[:, columns] for columns in self.home.blocks)
        return (entries.reshape(self.home.shape),)


def matrix_of(weight: Weight) -> Parameter:
    """A weight (I, O) as it is."""
    return Parameter(weight, weight.shape)


def row_of(weight: Weight) -> Parameter:
    """A bias: the weight (1, O) as (O,)."""
    return Parameter(weight, weight.shape[1:])


def held(array: Array) -> Parameter:
    """An array as it is."""
    return Parameter(array, array.shape)
