"""Weights as recipes: an array is made from its stream when a layer asks, in one fixed layout of column
blocks.

Held or made again, with one thread or eight, a weight and its products have the same bits.
"""

import math
from collections.abc import Callable
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np

from gradscope.engine import Array
from gradscope.engine.magnitude import joint_log2_l2, log2_l2
from gradscope.engine.ordered_sum import OrderedSum
from gradscope.engine.outline import Law
from gradscope.engine.pages import let_go
from gradscope.engine.random import Stream
from gradscope.engine.threads import side_by_side
from gradscope.engine.tiles import multiply, multiply_transposed

SPLIT_FROM = 1 << 17
"""Entries from which a weight has more than one block: below, handing work to a thread costs more than it
saves."""

LARGEST_BLOCK = 1 << 22
"""Entries a block is meant to have at most, so that a replayed network needs the memory of a few blocks; its
columns are rounded up to whole steps."""

WORTH_HANDING_OUT = 1 << 26
"""Multiplications of a product from which its blocks are multiplied side by side (measured)."""

_COLUMN_STEP = 16

_UNUSED = np.random.Generator(np.random.SFC64(0))
"""For initialisers that draw nothing."""


@lru_cache(maxsize=256)
def column_blocks(rows: int, columns: int) -> tuple[slice, ...]:
    """The fixed layout: which columns of a (rows, columns) weight are drawn and multiplied together."""
    edges = [*range(0, columns, block_width(rows, columns)), columns]
    return tuple(slice(start, stop) for start, stop in pairwise(edges))


def block_width(rows: int, columns: int) -> int:
    """Columns of a block, of which the last one may have less."""
    entries = rows * columns
    if entries < SPLIT_FROM:
        return columns
    count = min(2 * math.ceil(entries / (2 * LARGEST_BLOCK)), columns)
    return min(columns, _COLUMN_STEP * math.ceil(columns / (count * _COLUMN_STEP)))


class Weight:
    """A matrix (I, O): its shape, the law of its entries and its own random stream.

    `held` keeps what was drawn; otherwise each use draws it again, block by block where its initialiser can.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        law: Law,
        stream: Stream,
        dtype: np.dtype[np.floating],
        *,
        held: bool = True,
    ):
        self.shape = shape
        self.law = law
        self.stream = stream
        self.dtype = dtype
        self.held = held
        self._is_opened = False

    @cached_property
    def blocks(self) -> tuple[slice, ...]:
        """The columns of each block; laid out when first asked for, as what is never drawn needs none."""
        return column_blocks(*self.shape)

    @cached_property
    def _kept(self) -> list[Array | None]:
        return [None] * len(self.blocks)

    @cached_property
    def _norms(self) -> list[float | None]:
        """log2 of the L2 norm of each block as it was drawn: found by who draws it, while it is in cache."""
        return [None] * len(self.blocks)

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.shape[0] * self.shape[1]

    @property
    def held_bytes(self) -> int:
        """What it takes as long as it is held."""
        return self.size * self.dtype.itemsize

    @property
    def drawing_bytes(self) -> int:
        """What it takes while it is drawn: the whole of it, or its largest block."""
        initializer = self.law.initializer
        columns = block_width(*self.shape) if initializer.in_blocks else self.shape[1]
        return self.shape[0] * columns * initializer.room

    @property
    def is_untouched_zero(self) -> bool:
        """Whether every entry is exactly zero, because it is drawn so and nobody could write to it."""
        return not self._is_opened and self.law.is_zero

    def is_drawn(self, number: int) -> bool:
        """Whether a block is held already."""
        return self._kept[number] is not None

    def block(self, number: int) -> Array:
        """The entries (I, columns) of one block, contiguous."""
        kept = self._kept[number]
        return self._reader()(number) if kept is None else kept

    def times(self, x: Array) -> Array:
        """x W:   x (R, I) -> (R, O)."""
        y = np.empty((x.shape[0], self.shape[1]), dtype=self.dtype)
        if len(self.blocks) == 1:
            return multiply(x, self.block(0), y)
        block = self._reader()

        def product(number: int) -> None:
            np.matmul(x, block(number), out=y[:, self.blocks[number]])

        self._each_block(product, len(x))
        return y

    def times_transposed(self, dy: Array) -> Array:
        """dy Wᵀ:   dy (R, O) -> (R, I); partial sums are added in the order of the blocks."""
        if len(self.blocks) == 1:
            return multiply_transposed(dy, self.block(0))
        block = self._reader()

        dx = OrderedSum()

        def product(number: int) -> None:
            dx.add(number, multiply_transposed(dy[:, self.blocks[number]], block(number)))

        self._each_block(product, len(dy))
        return dx.total

    def rows(self, numbers: Array) -> Array:
        """W[numbers]:   numbers (...) -> (..., O)."""
        y = np.empty((*numbers.shape, self.shape[1]), dtype=self.dtype)
        block = self._reader()
        for number, columns in enumerate(self.blocks):
            y[..., columns] = block(number)[numbers]
        return y

    def row(self) -> Array:
        """The entries (O,) of a weight (1, O): a bias. Not to be written to."""
        entries: Array = self.block(0)[0] if len(self.blocks) == 1 else self.matrix()[0]
        return entries

    def matrix(self) -> Array:
        """The whole matrix (I, O), a copy."""
        whole: Array = np.concatenate(self._all(), axis=1)
        return whole

    def opened(self) -> tuple[Array, ...]:
        """The blocks themselves, to be written to: from now on they are held, and products see what is
        written."""
        self.held = self._is_opened = True
        return tuple(self._all())

    def transposed(self) -> Array:
        """The whole matrix the other way round (O, I), contiguous; a copy."""
        whole = np.empty(self.shape[::-1], dtype=self.dtype)
        # Joined as they are, transposed blocks would keep the order of their memory.
        np.concatenate([block.T for block in self._all()], out=whole)
        return whole

    @property
    def log2_rms(self) -> float:
        """log2 of the RMS of the entries: −inf when all are zero."""
        norms = [norm for norm in self._norms if norm is not None]
        if self._is_opened or len(norms) < len(self.blocks):
            norms = [log2_l2(block) for block in self._all()]
        return joint_log2_l2(norms) - 0.5 * math.log2(self.size)

    def _each_block(self, product: Callable[[int], None], rows: int) -> None:
        """Side by side, where it takes longer than handing it to a thread: what is not held is drawn too."""
        numbers = range(len(self.blocks))
        if self.held and rows * self.size < WORTH_HANDING_OUT:
            for number in numbers:
                product(number)
        else:
            side_by_side(product, numbers)

    def _all(self) -> list[Array]:
        return [*map(self._reader(), range(len(self.blocks)))]

    def _reader(self) -> Callable[[int], Array]:
        """What gives the blocks in one use: what can only be drawn whole is drawn here, once, and not by
        every thread that asks for its own part."""
        if self.law.initializer.in_blocks or self._kept[0] is not None:
            return self._read
        whole = self._fill(0, slice(0, self.shape[1]))
        parts = [np.ascontiguousarray(whole[:, columns]) for columns in self.blocks]
        for number, part in enumerate(parts):
            self._take(number, part)
        return parts.__getitem__

    def _read(self, number: int) -> Array:
        kept = self._kept[number]
        return self._take(number, self._fill(number, self.blocks[number])) if kept is None else kept

    def _take(self, number: int, drawn: Array) -> Array:
        """Note the norm of what was drawn, and keep it where it is to be held."""
        if self._norms[number] is None:
            self._norms[number] = log2_l2(drawn)
        if self.held:
            self._kept[number] = drawn
        return drawn

    def _fill(self, number: int, columns: slice) -> Array:
        shape = (self.shape[0], columns.stop - columns.start)
        # To seed a generator takes longer than all else about a bias of zeros.
        rng = self.stream.generator(number) if self.law.initializer.draws else _UNUSED
        if self.held:
            return self.law.initializer.fill(rng, shape, self.law.fans, self.dtype)
        with let_go():
            return self.law.initializer.fill(rng, shape, self.law.fans, self.dtype)
