"""Products tile by tile, against the product whole in float64."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine.tiles import multiply

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
