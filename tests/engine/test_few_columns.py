"""Products with few columns, tile by tile, against the product whole in float64."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine.layers.few_columns import Tiled


@given(
    rows=st.sampled_from([1, 7, 96, 510, 1024, 1031]),
    inner=st.sampled_from([1, 3, 256, 1000]),
    columns=st.sampled_from([1, 16, 33]),
    spare=st.integers(0, 3),
)
def test_a_product_in_tiles_is_the_product(rows: int, inner: int, columns: int, spare: int) -> None:
    """Into an array that may be part of a wider one, as behind the last whole piece of a sequence."""
    rng = np.random.default_rng(rows + inner)
    matrix = rng.integers(-8, 8, (rows, inner)).astype(np.float32)
    x = rng.integers(-8, 8, (inner, columns)).astype(np.float32)
    wide = np.full((rows, columns + spare), np.nan, dtype=np.float32)
    Tiled(matrix, columns + spare).times(x, wide[:, :columns])
    # Sums of such integers are exact in float32, in whatever order they are added.
    np.testing.assert_array_equal(wide[:, :columns], matrix.astype(np.float64) @ x.astype(np.float64))
    assert np.isnan(wide[:, columns:]).all()
