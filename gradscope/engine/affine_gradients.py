"""Gradients of an affine map, y = x W + b: sums over rows that know their norms without being formed."""

from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np

from gradscope.engine import Array
from gradscope.engine.axes import feature_rows
from gradscope.engine.gradients import Factored, Written
from gradscope.engine.magnitude import exp2, sum_of_squares, sums_of_squares
from gradscope.engine.row_products import CANCELLED, inner_products, sample_products
from gradscope.engine.scaling import aligned, evened, half_log2, is_near_one, near_one, times_power_of_two
from gradscope.engine.tiles import multiply


class RowSum(Written):
    """Gradient of a bias: Σ over rows of dy, not formed.   dy (..., O)."""

    def __init__(self, dy: Array, exponent: int = 0):
        self.dy = feature_rows(dy)
        self.exponent = exponent

    @property
    def size(self) -> int:
        """O."""
        return int(self.dy.shape[1])

    @cached_property
    def log2_l2(self) -> float:
        """log2 of the L2 norm of the sum."""
        dy, exponent, diagonal = near_one(self.dy)
        total = _ones(len(dy), dy.dtype) @ dy
        square = float(np.dot(total, total))
        if square < CANCELLED[dy.dtype] * diagonal:
            square = sum_of_squares(dy.sum(axis=0, dtype=np.float64))
        return half_log2(square) + exponent + self.exponent

    def matrix(self) -> Array:
        """The sum (O,), out of the range of its precision where the exponent takes it there."""
        total = np.empty(self.size, dtype=self.dy.dtype)
        self._fill(total, 0)
        return total

    def plus(self, others: list[tuple["RowSum", int]]) -> "RowSum":
        """The sum with other uses of the same bias: more rows."""
        uses = [(self.dy, self.exponent), *((use.dy, use.exponent + shift) for use, shift in others)]
        dys, exponent = aligned(uses)
        return RowSum(np.concatenate(dys), exponent)

    def shifted(self, exponent: int) -> "RowSum":
        """The gradient times 2^exponent."""
        return RowSum(self.dy, self.exponent + exponent)

    def _fill(self, out: Array, exponent: int) -> None:
        np.dot(_ones(len(self.dy), self.dy.dtype), self.dy, out=out)
        _multiply_by_power_of_two(out, self.exponent + exponent)

    @staticmethod
    def measure_together(sums: "Sequence[RowSum]") -> None:
        """Have several of one shape find their norms, with a few calls for all."""
        dy = np.concatenate([one.dy for one in sums]).reshape(len(sums), *sums[0].dy.shape)
        totals = _ones(dy.shape[1], dy.dtype) @ dy
        found = zip(sums, sums_of_squares(dy.reshape(len(sums), -1)), sums_of_squares(totals), strict=True)
        for one, diagonal, square in found:
            if is_near_one(diagonal) and not square < CANCELLED[dy.dtype] * diagonal:
                one.log2_l2 = half_log2(square) + one.exponent


def _multiply_by_power_of_two(array: Array, exponent: int) -> None:
    if exponent:
        array[...] = times_power_of_two(array, exponent)


@lru_cache(maxsize=8)
def _ones(count: int, dtype: np.dtype[np.floating]) -> Array:
    """What a matrix is multiplied by for the sum of its rows, which is quicker than to add them up."""
    ones = np.ones(count, dtype=dtype)
    ones.flags.writeable = False
    return ones


class OuterProducts(Factored):
    """Gradient of an affine map: Σ over rows of outer(x, dy), not formed.   x (B, T, I) or (B, I), dy alike
    with O.

    ‖Σ x⊗dy‖² = ⟨XXᵀ, dY dYᵀ⟩ costs R²(I+O) and writes no I×O matrix; with many rows the product is cheaper.
    With one row a sample, the norm of a sample's gradient is ‖x_b‖‖dy_b‖ (Goodfellow 2015).
    """

    def __init__(self, x: Array, dy: Array, exponent: int = 0):
        self.x = x if x.ndim == 3 else x[:, None, :]
        self.dy = dy if dy.ndim == 3 else dy[:, None, :]
        self.dtype = dy.dtype
        self.exponent = exponent

    @property
    def size(self) -> int:
        """I · O."""
        return int(self.x.shape[2] * self.dy.shape[2])

    @cached_property
    def log2_l2(self) -> float:
        """log2 of the L2 norm of the batch gradient."""
        return half_log2(self._squares[0]) + self.sample_exponent

    @property
    def l2(self) -> float:
        """The L2 norm of the batch gradient as a float."""
        return exp2(self.log2_l2)

    @property
    def sample_squares(self) -> Array:
        """Squared L2 norms (B,) of the samples' contributions, divided by 4^sample_exponent."""
        return self._squares[1]

    @property
    def sample_l2(self) -> Array:
        """L2 norms (B,) of the samples' contributions, divided by 2^sample_exponent."""
        norms: Array = np.sqrt(self.sample_squares)
        return norms

    @property
    def sample_exponent(self) -> int:
        """What keeps `sample_l2` and `sample_squares` in range."""
        return self._scaled[2]

    def matrix(self) -> Array:
        """XᵀdY (I, O), formed; out of the range of its precision where the exponent takes it there."""
        product = np.empty((self.x.shape[2], self.dy.shape[2]), dtype=self.dtype)
        self._fill(product, 0)
        return product

    def plus(self, others: list[tuple["OuterProducts", int]]) -> "OuterProducts":
        """The sum with other uses of the same parameter: more rows of the same samples, nothing formed."""
        # Near one first: where x shrinks as fast as dy grows, all uses count, and no square may vanish.
        scaled = [(use._scaled, shift) for use, shift in ((self, 0), *others)]
        dys, exponent = aligned([(dy, own + shift) for (_, dy, own), shift in scaled])
        x = np.concatenate([x for (x, _, _), _ in scaled], axis=1)
        return OuterProducts(x, np.concatenate(dys, axis=1), exponent)

    def shifted(self, exponent: int) -> "OuterProducts":
        """The gradient times 2^exponent."""
        return OuterProducts(self.x, self.dy, self.exponent + exponent)

    def _fill(self, out: Array, exponent: int) -> None:
        rows = self.x.shape[0] * self.x.shape[1]
        multiply(self.x.reshape(rows, -1).T, self.dy.reshape(rows, -1), out)
        _multiply_by_power_of_two(out, self.exponent + exponent)

    @staticmethod
    def measure_together(products: "Sequence[OuterProducts]") -> None:
        """Have several of one shape, with a row a sample, find their norms, with a few calls for all."""
        count, rows = len(products), len(products[0].x)
        x = np.concatenate([product.x for product in products]).reshape(count, rows, -1)
        dy = np.concatenate([product.dy for product in products]).reshape(count, rows, -1)
        of_x, of_dy = (sums_of_squares(factor.reshape(count, -1)) for factor in (x, dy))
        squares, own = inner_products(x, dy)
        for number, product in enumerate(products):
            if is_near_one(of_x[number]) and is_near_one(of_dy[number]):
                product._scaled = product.x, product.dy, product.exponent
                product._squares = squares[number], own[number]

    @cached_property
    def _scaled(self) -> tuple[Array, Array, int]:
        """Both factors with norms near 1 when they were far from it, and the exponent taken out."""
        if self.x.shape[1] > 1 and (even := evened(self.x, self.dy)) is not None:
            x, dy, exponent = even
            return x, dy, exponent + self.exponent
        x, x_exponent, _ = near_one(self.x)
        dy, dy_exponent, _ = near_one(self.dy)
        return x, dy, x_exponent + dy_exponent + self.exponent

    @cached_property
    def _squares(self) -> tuple[float, Array]:
        """The squared norm of the sum, and those of the samples' own sums."""
        x, dy, _ = self._scaled
        return sample_products(x, dy)
