"""The gradient of a table of which every token takes a row: sparse, whatever the vocabulary."""

from functools import cached_property

import numpy as np

from gradscope.engine import Array
from gradscope.engine.affine_gradients import OuterProducts
from gradscope.engine.gradients import Factored
from gradscope.engine.scaling import half_log2, near_one, times_power_of_two


class TokenRows(Factored):
    """Σ over positions of dy into the row of its token; rows of tokens that did not come are zero.

    A token that comes several times gets one row, the sum: its norm is exact, and a sample's own too.
    """

    def __init__(self, tokens: Array, dy: Array, vocab: int, exponent: int = 0):
        """tokens (B, T), dy (B, T, U)."""
        self.tokens = tokens
        self.dy = dy
        self.vocab = vocab
        self.dtype = dy.dtype
        self.exponent = exponent

    @property
    def size(self) -> int:
        """V · U."""
        return int(self.vocab * self.dy.shape[2])

    @cached_property
    def log2_l2(self) -> float:
        """log2 of the L2 norm of the table's gradient."""
        return half_log2(self._square) + self.sample_exponent

    @cached_property
    def sample_squares(self) -> Array:
        """Squared L2 norms (B,) of the samples' contributions, divided by 4^sample_exponent."""
        samples = np.arange(len(self.tokens))[:, np.newaxis]
        # The same token in two samples is two rows here.
        numbers, rows = _summed(samples * self.vocab + self.tokens, self._scaled[0])
        squares = np.einsum("nu,nu->n", rows, rows)
        found: Array = np.bincount(numbers // self.vocab, weights=squares, minlength=len(self.tokens))
        return found

    @property
    def sample_exponent(self) -> int:
        """What keeps `sample_squares` in range."""
        return self._scaled[1] + self.exponent

    def matrix(self) -> Array:
        """The table's gradient (V, U), formed."""
        numbers, rows = _summed(self.tokens, self.dy)
        table = np.zeros((self.vocab, self.dy.shape[2]), dtype=self.dtype)
        table[numbers] = rows
        return times_power_of_two(table, self.exponent)

    def plus(self, others: list[tuple[Factored, int]]) -> OuterProducts:
        """The sum with other uses of the table: those of a head that is tied to it have no zero rows, so that
        what was sparse no longer is."""
        uses = [(use.outer_products() if isinstance(use, TokenRows) else use, shift) for use, shift in others]
        products = [(use, shift) for use, shift in uses if isinstance(use, OuterProducts)]
        assert len(products) == len(others)  # a table has no other uses
        return self.outer_products().plus(products)

    def shifted(self, exponent: int) -> "TokenRows":
        """The gradient times 2^exponent."""
        return TokenRows(self.tokens, self.dy, self.vocab, self.exponent + exponent)

    def _fill(self, out: Array, exponent: int) -> None:
        out[...] = self.shifted(exponent).matrix()

    def outer_products(self) -> OuterProducts:
        """The same with tokens as one-hot rows."""
        one_hot = np.zeros((*self.tokens.shape, self.vocab), dtype=self.dtype)
        np.put_along_axis(one_hot, self.tokens[..., np.newaxis], self.dtype.type(1.0), axis=-1)
        return OuterProducts(one_hot, self.dy, self.exponent)

    @cached_property
    def _scaled(self) -> tuple[Array, int]:
        """dy with a norm near 1 when it was far from it, and the exponent taken out."""
        dy, exponent, _ = near_one(self.dy)
        return dy, exponent

    @cached_property
    def _square(self) -> float:
        rows = _summed(self.tokens, self._scaled[0])[1]
        return float(np.vdot(rows, rows))


def _summed(numbers: Array, dy: Array) -> tuple[Array, Array]:
    """The numbers that come (N,), each once, and the sums of their rows of dy (N, U) in float64."""
    order = np.argsort(numbers, axis=None, kind="stable")
    ordered = numbers.reshape(-1)[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    rows = dy.reshape(-1, dy.shape[-1])[order]
    return ordered[starts], np.add.reduceat(rows, starts, axis=0, dtype=np.float64)
