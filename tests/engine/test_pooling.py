"""Pools: what a window gives, and where its gradient goes."""

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradscope.engine import Array
from gradscope.engine.layers.pooling import AvgPool, GlobalAvgPool, MaxPool, Pool
from gradscope.engine.layers.windows import Pair, Windows
from tests.engine.making import info
from tests.strategies import bounded, seeds, sizes


def pooled(kind: type[Pool], x: Array, windows: Windows) -> tuple[Array, Array]:
    """y, and dx for a cotangent of ones."""
    layer = kind(info("pool"), windows)
    y, cache = layer.forward(x)
    return y, layer.backward(np.ones_like(y), cache)[0]


def image(*rows: list[float]) -> Array:
    """One sample of one channel."""
    return np.array(rows)[None, None]


def test_max_pool_of_a_small_image() -> None:
    y, dx = pooled(MaxPool, image([1.0, 5.0, 2.0], [4.0, 3.0, 9.0], [7.0, 8.0, 6.0]), Windows((2, 2), (1, 1)))
    npt.assert_array_equal(y, image([5.0, 9.0], [8.0, 9.0]))
    npt.assert_array_equal(dx, image([0.0, 1.0, 0.0], [0.0, 0.0, 2.0], [0.0, 1.0, 0.0]))


@pytest.mark.parametrize(
    ("entries", "first"),
    [
        ([2.0, 2.0, 2.0, 2.0], 0),
        ([1.0, 2.0, 2.0, 0.0], 1),
        ([0.0, -0.0, 0.0, 0.0], 0),
        ([-3.0, -4.0, -1.0, -1.0], 2),
    ],
)
def test_the_first_of_equal_entries_gets_the_gradient(entries: list[float], first: int) -> None:
    _, dx = pooled(MaxPool, np.array(entries).reshape(1, 1, 2, 2), Windows((2, 2), (2, 2)))
    npt.assert_array_equal(dx.ravel(), np.eye(4)[first])


def test_a_window_with_a_nan_gives_a_nan() -> None:
    x = image([1.0, np.nan, 2.0, 3.0], [1.0, 2.0, 4.0, 0.0])
    npt.assert_array_equal(pooled(MaxPool, x, Windows((2, 2), (2, 2)))[0], image([np.nan, 4.0]))
    npt.assert_array_equal(pooled(AvgPool, x, Windows((2, 2), (2, 2)))[0], image([np.nan, 2.25]))


def test_average_pool_of_a_small_image() -> None:
    y, dx = pooled(AvgPool, image([1.0, 5.0, 2.0], [4.0, 2.0, 7.0]), Windows((2, 2), (1, 1)))
    npt.assert_array_equal(y, image([3.0, 4.0]))
    npt.assert_array_equal(dx, image([0.25, 0.5, 0.25], [0.25, 0.5, 0.25]))


@pytest.mark.parametrize("kind", [MaxPool, AvgPool])
def test_what_no_window_reaches_gets_no_gradient(kind: type[Pool]) -> None:
    """The last row and column of an odd image, and the gaps between windows."""
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 7))
    _, dx = pooled(kind, x, Windows((2, 2), (2, 3)))
    assert not dx[:, :, 4].any()
    assert not dx[:, :, :, [2, 5, 6]].any()
    npt.assert_allclose(dx.sum(axis=(2, 3)), 4.0)


def test_places_beyond_a_byte_are_told_apart() -> None:
    """A window of 400 places, the largest in the last of them."""
    x = np.arange(400.0).reshape(1, 1, 20, 20)
    y, dx = pooled(MaxPool, x, Windows((20, 20), (20, 20)))
    assert y.item() == 399.0
    npt.assert_array_equal(np.flatnonzero(dx), [399])


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6, 3)])
def test_the_global_average_is_one_large_average_pool(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).standard_normal(shape)
    size: Pair = (4, 5) if len(shape) == 4 else (1, 6)
    y, dx = pooled(AvgPool, x, Windows(size, size))
    layer = GlobalAvgPool(info("pool"))
    whole, cache = layer.forward(x)
    assert whole.shape == (2, 3)
    npt.assert_allclose(whole, y.reshape(2, 3))
    npt.assert_allclose(layer.backward(np.ones((2, 3)), cache)[0], dx)


@pytest.mark.parametrize("kind", [MaxPool, AvgPool])
@bounded
@given(
    seed=seeds(), size=st.tuples(sizes(6), sizes(6)), window=st.tuples(sizes(4), sizes(4)), stride=sizes(3)
)
def test_windows_one_by_one(kind: type[Pool], seed: int, size: Pair, window: Pair, stride: int) -> None:
    assume(min(Windows(window).counts(size)) > 0)
    x = np.random.default_rng(seed).standard_normal((2, 2, *size))
    y, dx = pooled(kind, x, Windows(window, (stride, stride)))
    reduce = np.max if kind is MaxPool else np.mean
    back = np.zeros_like(x)
    for row, column in np.ndindex(*y.shape[2:]):
        place = np.s_[
            :, :, stride * row : stride * row + window[0], stride * column : stride * column + window[1]
        ]
        npt.assert_allclose(y[:, :, row, column], reduce(x[place], axis=(2, 3)))
        largest = x[place] == y[:, :, row, column, None, None]
        back[place] += largest if kind is MaxPool else 1.0 / (window[0] * window[1])
    npt.assert_allclose(dx, back, atol=1e-14)
