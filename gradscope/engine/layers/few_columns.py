"""A matrix that is multiplied again and again with a few columns, as at every step of a sequence.

Before a large product BLAS copies both sides into an order of its own, which takes a quarter of the time where
one of them has few columns. Small products do without.
"""

import numpy as np

from gradscope.engine import Array

_SMALL = 1_000_000
"""Multiplications up to which OpenBLAS copies nothing, where it has kernels for that."""

_LEAST_ROWS = 16


class Tiled:
    """A matrix (M, K), cut into tiles of rows for products with (K, columns). The cut is the same on any number
    of threads, and so are the bits of the products."""

    def __init__(self, matrix: Array, columns: int):
        rows, inner = matrix.shape
        most = min(rows, _SMALL // (inner * columns))
        fitting = (size for size in range(most, _LEAST_ROWS - 1, -1) if rows % size == 0)
        self._tiles = matrix.reshape(-1, next(fitting, rows), inner)

    def times(self, x: Array, out: Array) -> None:
        """The product with x (K, columns) into out (M, columns)."""
        np.matmul(self._tiles, x, out=out.reshape(*self._tiles.shape[:2], -1))
