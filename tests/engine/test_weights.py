"""Weights as recipes: the block layout, and the same bits held or drawn again, with one thread or eight."""

import math
import tracemalloc
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given

from gradscope.engine import Array
from gradscope.engine.initializers import INITIALIZERS, Fans, Initializer
from gradscope.engine.outline import Law
from gradscope.engine.random import Stream
from gradscope.engine.threads import jobs_limit
from gradscope.engine.weights import LARGEST_BLOCK, SPLIT_FROM, Weight, column_blocks
from tests.strategies import bounded, sizes

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

SHAPES = [
    (1, 1),
    (361, 363),  # the largest that is not split
    (512, 256),  # the smallest that is
    (363, 363),
    (SPLIT_FROM, 1),
    (8192, 17),
    (3, SPLIT_FROM),
    (1100, 900),
]


def weight(
    shape: tuple[int, int],
    initializer: Initializer | None = None,
    dtype: np.dtype[np.floating] = FLOAT32,
    *,
    held: bool = True,
) -> Weight:
    made = initializer or INITIALIZERS["he_normal"]()
    return Weight(shape, Law("", made, Fans(*shape)), Stream(7, 1, "dense1.weight"), dtype, held=held)


class Counting:
    """An initialiser that notes every block it fills."""

    def __init__(self, name: str):
        self.filled: list[tuple[int, int]] = []
        self._made = INITIALIZERS[name](*([0.5] if name == "constant" else []))
        self.initializer = Initializer(
            self._fill, self._made.mean, self._made.variance, in_blocks=self._made.in_blocks
        )

    def _fill(
        self, rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        self.filled.append(shape)
        return self._made.fill(rng, shape, fans, dtype)


# The layout


@bounded
@given(rows=sizes(1 << 20), columns=sizes(1 << 17))
def test_blocks_cover_the_columns_exactly(rows: int, columns: int) -> None:
    blocks = column_blocks(rows, columns)
    assert blocks[0].start == 0
    assert blocks[-1].stop == columns
    assert all(block.start < block.stop for block in blocks)
    assert all(left.stop == right.start for left, right in pairwise(blocks))


@bounded
@given(rows=sizes(1 << 20), columns=sizes(1 << 17))
def test_blocks_are_whole_steps_of_about_the_largest_size(rows: int, columns: int) -> None:
    blocks = column_blocks(rows, columns)
    widths = [block.stop - block.start for block in blocks]
    if rows * columns < SPLIT_FROM:
        assert len(blocks) == 1
        return
    assert len(set(widths[:-1])) <= 1
    assert all(width % 16 == 0 for width in widths[:-1])
    assert widths[-1] <= widths[0]
    assert rows * (widths[0] - 16) < LARGEST_BLOCK


def test_layout_is_part_of_the_numbers_and_pinned() -> None:
    """Another layout is another network: raise NUMERICS and say so, or undo it."""
    stops = {shape: [block.stop for block in column_blocks(*shape)] for shape in SHAPES}
    assert stops == {
        (1, 1): [1],
        (361, 363): [363],
        (512, 256): [128, 256],
        (363, 363): [192, 363],
        (SPLIT_FROM, 1): [1],
        (8192, 17): [16, 17],
        (3, SPLIT_FROM): [SPLIT_FROM // 2, SPLIT_FROM],
        (1100, 900): [464, 900],
    }
    assert len(column_blocks(2048, 5000)) == 4


def test_a_weight_that_is_never_drawn_is_not_laid_out() -> None:
    """An estimate looks at networks of any size."""
    tracemalloc.start()
    try:
        recipe = weight((1 << 20, 1 << 22))
        assert recipe.held_bytes == 1 << 44
        assert recipe.drawing_bytes < 1 << 30
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()


# The same bits


PRODUCTS: dict[str, Callable[[Weight], Array]] = {
    "times": lambda w: w.times(rows_of(w.shape[0], w.dtype)),
    "times_transposed": lambda w: w.times_transposed(rows_of(w.shape[1], w.dtype)),
    "matrix": lambda w: w.matrix(),
    "transposed": lambda w: w.transposed(),
}


def rows_of(columns: int, dtype: np.dtype[np.floating]) -> Array:
    return np.random.default_rng(columns).standard_normal((5, columns)).astype(dtype)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", ["he_normal", "torch_default", "truncated_normal"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_held_and_replayed_and_any_number_of_threads_agree_to_the_bit(
    shape: tuple[int, int], name: str, product: str
) -> None:
    initializer = INITIALIZERS[name]()
    expected = PRODUCTS[product](weight(shape, initializer)).tobytes()
    for jobs in (1, 2, 8):
        with jobs_limit(jobs):
            held, replayed = weight(shape, initializer), weight(shape, initializer, held=False)
            for _ in range(2):
                assert PRODUCTS[product](held).tobytes() == expected
                assert PRODUCTS[product](replayed).tobytes() == expected


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_partial_sums_are_added_in_the_order_of_the_blocks(
    jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradscope.engine.weights.LARGEST_BLOCK", 1 << 14)
    w = weight((300, 500))
    assert len(w.blocks) > 5
    dy = rows_of(500, FLOAT32)
    expected = np.zeros((5, 300), dtype=np.float32)
    for number, columns in enumerate(w.blocks):
        expected += dy[:, columns] @ w.block(number).T
    with jobs_limit(jobs):
        assert w.times_transposed(dy).tobytes() == expected.tobytes()


@pytest.mark.parametrize("jobs", [1, 2, 8])
@pytest.mark.parametrize(("held", "times"), [(True, 1), (False, 3)])
def test_what_is_drawn_whole_is_drawn_once_for_all_its_blocks(jobs: int, held: bool, times: int) -> None:
    counting = Counting("orthogonal")
    w = weight((400, 400), counting.initializer, held=held)
    assert len(w.blocks) > 1
    with jobs_limit(jobs):
        y = w.times(rows_of(400, FLOAT32))
        w.times_transposed(rows_of(400, FLOAT32))
        q = w.matrix()
    assert counting.filled == [(400, 400)] * times
    npt.assert_allclose(q.T.astype(np.float64) @ q, np.eye(400), atol=1e-6)
    npt.assert_allclose(y, rows_of(400, FLOAT32) @ q, atol=1e-5)


@pytest.mark.parametrize("name", ["he_normal", "orthogonal", "constant"])
def test_a_replayed_weight_is_not_drawn_once_more_for_its_rms(name: str) -> None:
    counting = Counting(name)
    held, replayed = (weight((512, 256), counting.initializer, held=kept) for kept in (True, False))
    replayed.times(rows_of(512, FLOAT32))
    drawn = len(counting.filled)
    assert replayed.log2_rms == held.log2_rms
    assert len(counting.filled) == 2 * drawn, "by the held one alone"


def test_an_opened_weight_has_the_rms_of_what_was_written() -> None:
    w = weight((512, 256), held=False)
    w.times(rows_of(512, FLOAT32))
    before = w.log2_rms
    for block in w.opened():
        np.multiply(block, 4.0, out=block)
    assert w.log2_rms == pytest.approx(before + 2.0)


def test_held_weights_are_drawn_once_and_replayed_ones_every_time() -> None:
    counting = Counting("he_normal")
    held = weight((512, 256), counting.initializer)
    for _ in range(3):
        held.times(rows_of(512, FLOAT32))
    assert counting.filled == [(512, 128)] * 2
    replayed = weight((512, 256), counting.initializer, held=False)
    for _ in range(3):
        replayed.times(rows_of(512, FLOAT32))
    assert counting.filled == [(512, 128)] * 8


# The products


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_products_are_those_of_the_matrix(shape: tuple[int, int]) -> None:
    w = weight(shape, dtype=FLOAT64)
    x, dy = rows_of(shape[0], FLOAT64), rows_of(shape[1], FLOAT64)
    assert w.matrix().shape == shape
    npt.assert_allclose(w.times(x), x @ w.matrix(), rtol=1e-11, atol=1e-12)
    npt.assert_allclose(w.times_transposed(dy), dy @ w.matrix().T, rtol=1e-11, atol=1e-12)


def test_blocks_are_drawn_apart() -> None:
    """Each from its own stream: blocks that repeated one another would go unnoticed in a product."""
    w = weight((512, 256))
    left, right = w.block(0), w.block(1)
    assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < 5.0 / math.sqrt(left.size)


@pytest.mark.parametrize("columns", [10, SPLIT_FROM + 5])
def test_a_bias_is_a_row(columns: int) -> None:
    bias = weight((1, columns), INITIALIZERS["torch_default"]())
    npt.assert_array_equal(bias.row(), bias.matrix()[0])
    assert bias.row().shape == (columns,)


@pytest.mark.parametrize("shape", [(3, 4), (512, 300)], ids=str)
def test_rms(shape: tuple[int, int]) -> None:
    w = weight(shape)
    rms = np.sqrt(np.mean(np.square(w.matrix(), dtype=np.float64)))
    assert w.log2_rms == pytest.approx(math.log2(rms), abs=1e-6)
    assert weight(shape, INITIALIZERS["zeros"]()).log2_rms == -math.inf
    assert weight(shape, INITIALIZERS["constant"](1e-30)).log2_rms == pytest.approx(
        math.log2(1e-30), abs=1e-6
    )


def test_another_seed_trial_or_path_is_another_weight() -> None:
    law = Law("", INITIALIZERS["he_normal"](), Fans(4, 5))
    streams = [Stream(0, 0, "a"), Stream(1, 0, "a"), Stream(0, 1, "a"), Stream(0, 0, "b")]
    matrices = [Weight((4, 5), law, stream, FLOAT32).matrix() for stream in streams]
    for other in matrices[1:]:
        assert not np.any(other == matrices[0])


def test_the_matrix_is_a_copy() -> None:
    w = weight((4, 5))
    w.matrix()[:] = 0.0
    assert w.matrix().all()
