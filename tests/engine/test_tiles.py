"""Products tile by tile, against the product whole in float64."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine import tiles
from gradscope.engine.tiles import multiply, multiply_transposed

sides = st.sampled_from([1, 7, 64, 130, 256, 1000])


@given(rows=sides, inner=sides, columns=sides, spare=st.integers(0, 3), seed=st.integers(0, 9))
def test_a_product_in_tiles_is_the_product(
    rows: int, inner: int, columns: int, spare: int, seed: int
) -> None:
    """Of arrays of either order, into part of a wider one."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-8, 8, (rows, inner)).astype(np.float32, order="CF"[seed % 2])
    weight = rng.integers(-8, 8, (inner, columns)).astype(np.float32, order="CF"[seed // 2 % 2])
    wide = np.full((rows, columns + spare), np.nan, dtype=np.float32)
    out = wide[:, :columns]
    assert multiply(x, weight, out) is out
    # Sums of such integers are exact in float32, in whatever order they are added.
    np.testing.assert_array_equal(out, x.astype(np.float64) @ weight.astype(np.float64))
    assert np.isnan(wide[:, columns:]).all()


@pytest.mark.parametrize("has_small_kernels", [True, False])
@given(rows=sides, inner=sides, columns=sides, spare=st.integers(0, 3))
def test_a_product_with_a_transposed_matrix_is_that_product(
    has_small_kernels: bool, rows: int, inner: int, columns: int, spare: int
) -> None:
    """Of part of a wider array, on processors with the kernels that tiles are for and without."""
    rng = np.random.default_rng(spare)
    x = rng.integers(-8, 8, (rows, inner + spare)).astype(np.float32)[:, :inner]
    weight = rng.integers(-8, 8, (columns, inner)).astype(np.float32)
    # What is kept of one kind of processor must not be found by the other.
    with patch.object(tiles, "has_small_kernels", lambda: has_small_kernels):
        tiles._transposed_width.cache_clear()
        product = multiply_transposed(x, weight)
    tiles._transposed_width.cache_clear()
    np.testing.assert_array_equal(product, x.astype(np.float64) @ weight.T.astype(np.float64))


def test_a_product_that_is_small_as_it_is_stays_whole() -> None:
    """So does one whose columns have no divisor for tiles to be as wide as."""
    with patch.object(tiles, "has_small_kernels", lambda: True):
        tiles._transposed_width.cache_clear()
        widths = [tiles._transposed_width(rows, 256, columns) for rows, columns in ((4, 256), (64, 251))]
    tiles._transposed_width.cache_clear()
    assert widths == [256, 251]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, False),
        ({"SIMD Extensions": {"baseline": ["NEON", "ASIMD"]}}, False),
        ({"SIMD Extensions": {"found": ["AVX2"], "not found": ["AVX512F", "AVX512_SKX"]}}, False),
        ({"SIMD Extensions": {"baseline": ["SSE"], "found": ["AVX2", "AVX512F", "AVX512_SKX"]}}, True),
        ({"SIMD Extensions": {"baseline": ["X86_V2"], "found": ["X86_V3", "X86_V4"]}}, True),
    ],
)
def test_the_kernels_are_those_of_the_processor(config: dict[str, object], expected: bool) -> None:
    """As versions of NumPy tell of what processor, which leave out lists that are empty."""
    with patch.object(np, "show_config", lambda mode: config):
        tiles.has_small_kernels.cache_clear()
        found = tiles.has_small_kernels()
    tiles.has_small_kernels.cache_clear()
    assert found is expected
