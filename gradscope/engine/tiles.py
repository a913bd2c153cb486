"""Products of matrices, tile by tile where that is quicker.

Before a large product BLAS copies both sides into an order of its own, which takes a quarter of the time
where one of them is narrow. OpenBLAS does small products without, where its kernels can (AVX-512). Those of a
product with a transposed matrix add up along vectors, and have a third of the rounding besides.
"""

from functools import lru_cache

import numpy as np

from gradscope.engine import Array

_SMALL = 1_000_000
"""Multiplications up to which nothing is copied."""

_NARROWEST = 32
"""Columns a tile has at least: narrower ones cost more than they save (measured)."""

_SMALL_RESULT = 1200
"""Entries of a product with a transposed matrix up to which it is small."""

_SHORTEST_SUM, _NARROWEST_TRANSPOSED = 128, 8
"""Terms of its entries, and columns of its tiles, from which on they are quicker (measured)."""


def multiply(x: Array, weight: Array, out: Array) -> Array:
    """x W into out, which is given back:   (R, I), (I, O) -> (R, O).

    Tiles depend on the shapes alone, so that products have the same bits on any number of threads.
    """
    rows, columns = out.shape
    width = _tile_width(rows, *weight.shape)
    if width == columns:
        return np.matmul(x, weight, out=out)
    tiles = weight.reshape(len(weight), -1, width).swapaxes(0, 1)
    np.matmul(x, tiles, out=out.reshape(rows, -1, width).swapaxes(0, 1))
    return out


def multiply_transposed(x: Array, weight: Array) -> Array:
    """x Wᵀ:   (R, O), (I, O) -> (R, I)."""
    rows, columns = len(x), len(weight)
    width = _transposed_width(rows, x.shape[1], columns)
    if width == columns:
        whole: Array = x @ weight.T
        return whole
    out = np.empty((rows, columns), dtype=x.dtype)
    tiles = weight.reshape(-1, width, weight.shape[1]).swapaxes(1, 2)
    np.matmul(x, tiles, out=out.reshape(rows, -1, width).swapaxes(0, 1))
    return out


@lru_cache(maxsize=256)
def _tile_width(rows: int, inner: int, columns: int) -> int:
    return _widest(_NARROWEST, _SMALL // max(1, rows * inner), columns)


@lru_cache(maxsize=256)
def _transposed_width(rows: int, inner: int, columns: int) -> int:
    if inner < _SHORTEST_SUM:
        return columns
    most = min(_SMALL // max(1, rows * inner), _SMALL_RESULT // max(1, rows))
    return _widest(_NARROWEST_TRANSPOSED, most, columns)


def _widest(least: int, most: int, columns: int) -> int:
    """The width of the widest tiles that come out even; all columns where there are none."""
    if not has_small_kernels():
        return columns
    fitting = (width for width in range(min(most, columns), least - 1, -1) if columns % width == 0)
    return next(fitting, columns)


@lru_cache(maxsize=1)
def has_small_kernels() -> bool:
    """Whether this processor has AVX-512; elsewhere every tile would be copied."""
    # NumPy leaves out what is empty.
    extensions = np.show_config(mode="dicts").get("SIMD Extensions", {})
    there = [*extensions.get("baseline", ()), *extensions.get("found", ())]
    return any(name == "X86_V4" or name.startswith("AVX512") for name in there)
