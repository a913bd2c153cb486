"""Products of matrices, tile by tile where that is quicker.

Before a large product BLAS copies both sides into an order of its own, which takes a quarter of the time
where one of them is narrow. OpenBLAS does small products without, where its kernels can (AVX-512).
"""

from functools import lru_cache

import numpy as np

from gradscope.engine import Array

_SMALL = 1_000_000
"""Multiplications up to which nothing is copied."""

_NARROWEST = 32
"""Columns a tile has at least: elsewhere narrower ones cost more than they would save here (measured)."""


def multiply(x: Array, weight: Array, out: Array) -> Array:
    """x W into out, which is given back:   (R, I), (I, O) -> (R, O).

    The tiles depend on the shapes alone, so that products have the same bits on any number of threads.
    """
    rows, columns = out.shape
    width = _tile_width(rows, *weight.shape)
    if width == columns:
        return np.matmul(x, weight, out=out)
    tiles = weight.reshape(len(weight), -1, width).swapaxes(0, 1)
    np.matmul(x, tiles, out=out.reshape(rows, -1, width).swapaxes(0, 1))
    return out


@lru_cache(maxsize=256)
def _tile_width(rows: int, inner: int, columns: int) -> int:
    """Of the widest tiles that are small and come out even; all columns where there are none."""
    most = min(columns, _SMALL // max(1, rows * inner))
    fitting = (width for width in range(most, _NARROWEST - 1, -1) if columns % width == 0)
    return next(fitting, columns)
