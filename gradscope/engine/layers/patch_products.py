"""The weight gradient of a convolution: Σ patch ⊗ dy over samples and positions, not written out."""

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.affine_gradients import OuterProducts
from gradscope.engine.gradients import Factored
from gradscope.engine.layers.patches import (
    at_once,
    contributions,
    diagonals,
    group_squares,
    room_of_row,
    runs_of,
    tiles,
)
from gradscope.engine.layers.windows import Windows
from gradscope.engine.magnitude import exp2, sum_of_squares, sums_of_squares
from gradscope.engine.ordered_sum import OrderedSum
from gradscope.engine.pieces import LANES, Stretch
from gradscope.engine.row_products import CANCELLED
from gradscope.engine.scaling import aligned, half_log2, near_one, times_power_of_two
from gradscope.engine.threads import side_by_side

_WIDE = np.dtype(np.float64)


class Use(NamedTuple):
    """One pass of images (B, H, W, C) through a kernel, and the cotangents (B, H', W', O) that came back."""

    x: Array
    dy: Array
    windows: Windows
    exponent: int = 0


class PatchProducts(Factored):
    """Gradient of a kernel (kh, kw, C/G, O), or (k, C/G, O) of a sequence, as the images and cotangents it is
    made of.

    With few positions a sample and a large kernel, the inner products of `OuterProducts` are the cheaper way
    to the norm. Otherwise each sample's contribution, small then, is formed, measured and added to the
    batch's: one product gives both norms.
    """

    def __init__(self, uses: tuple[Use, ...], shape: tuple[int, ...], groups: int):
        self.uses = uses
        self.shape = shape
        self.groups = groups
        self.dtype = uses[0].dy.dtype

    @property
    def size(self) -> int:
        """The entries of the kernel."""
        return math.prod(self.shape)

    @cached_property
    def log2_l2(self) -> float:
        """log2 of the L2 norm of the batch gradient."""
        return half_log2(self._squares[0]) + self.sample_exponent

    @property
    def sample_squares(self) -> Array:
        """Squared L2 norms (B,) of the samples' contributions, divided by 4^sample_exponent."""
        return self._squares[1]

    @property
    def sample_exponent(self) -> int:
        """What keeps `sample_squares` in range."""
        return self._scaled[1]

    def matrix(self) -> Array:
        """The gradient in the kernel's shape; out of the range of its precision where the exponent takes it
        there."""
        uses, exponent = self._scaled
        total = _summed(uses, self.groups, self.dtype).total
        return times_power_of_two(total.reshape(self.shape), exponent)

    def plus(self, others: "list[tuple[PatchProducts, int]]") -> "PatchProducts":
        """The sum with other uses of the same kernel, each under an exponent relative to this one's."""
        more = [use._replace(exponent=use.exponent + shift) for other, shift in others for use in other.uses]
        return PatchProducts((*self.uses, *more), self.shape, self.groups)

    def shifted(self, exponent: int) -> "PatchProducts":
        """The gradient times 2^exponent."""
        uses = (use._replace(exponent=use.exponent + exponent) for use in self.uses)
        return PatchProducts(tuple(uses), self.shape, self.groups)

    def _fill(self, out: Array, exponent: int) -> None:
        out[...] = self.shifted(exponent).matrix()

    @cached_property
    def _scaled(self) -> tuple[tuple[Use, ...], int]:
        """The uses with factors near 1 in norm, all under one exponent."""
        xs = [near_one(use.x) for use in self.uses]
        dys = [near_one(use.dy) for use in self.uses]
        own = [x[1] + dy[1] + use.exponent for x, dy, use in zip(xs, dys, self.uses, strict=True)]
        cotangents, exponent = aligned([(dy[0], each) for dy, each in zip(dys, own, strict=True)])
        uses = zip(xs, cotangents, self.uses, strict=True)
        return tuple(Use(x[0], dy, use.windows) for x, dy, use in uses), exponent

    @cached_property
    def _squares(self) -> tuple[float, Array]:
        """The squared norm of the sum, and those of the samples' own sums."""
        uses = self._scaled[0]
        filters = self.shape[-1]
        fan_in = self.size // filters
        positions = sum(use.dy.shape[1] * use.dy.shape[2] for use in uses)
        if self.groups == 1 and 2 * positions * (fan_in + filters) <= fan_in * filters:
            products = _outer_products(uses)
            return exp2(2.0 * (products.log2_l2 - products.sample_exponent)), products.sample_squares
        sums = _summed(uses, self.groups, self.dtype)
        if self.dtype != _WIDE and sums.has_cancelled:
            sums = _summed(uses, self.groups, _WIDE)
        return sums.square, sums.of_samples


class _Sums(NamedTuple):
    """The batch gradient (kh·kw·C/G, O), and each sample's squared norm (B,)."""

    total: Array
    of_samples: Array
    of_rows: Array
    """The same if no two of a sample's products overlapped (B,)."""

    @property
    def square(self) -> float:
        return sum_of_squares(self.total)

    @property
    def has_cancelled(self) -> bool:
        """Whether rows nearly cancel somewhere, so that digits were lost."""
        least = CANCELLED[self.total.dtype]
        return bool(
            self.square < least * self.of_rows.sum() or (self.of_samples < least * self.of_rows).any()
        )


def _summed(uses: tuple[Use, ...], groups: int, dtype: np.dtype[np.floating]) -> _Sums:
    """A few samples at a time: the patches, or the gradients, of all of them would take far too much room."""
    samples, filters = len(uses[0].dy), uses[0].dy.shape[3]
    of_samples, of_rows = np.zeros(samples), np.zeros(samples)
    of_sample = max(use.dy.shape[1] * room_of_row(use.windows, use.x, use.dy, groups) for use in uses)
    entries = max(math.prod(use.windows.kernel) * use.x.shape[3] // groups for use in uses) * filters
    parts = runs_of(samples, max(of_sample, entries))
    lanes = [OrderedSum() for _ in parts[:LANES]]

    def add(run: Stretch) -> None:
        own, of_rows[run.part] = _own(uses, run, groups, dtype)
        of_samples[run.part] = sums_of_squares(own.reshape(len(own), -1))
        for number, of_part in enumerate(own.reshape(run.runs, -1, *own.shape[1:]), start=run.first):
            lanes[number % LANES].add(number // LANES, of_part.sum(axis=0))

    side_by_side(add, at_once(parts, max(of_sample, entries)))
    totals = [lane.total for lane in lanes]
    return _Sums(sum(totals[1:], start=totals[0]), of_samples, of_rows)


def _own(
    uses: tuple[Use, ...], run: Stretch, groups: int, dtype: np.dtype[np.floating]
) -> tuple[Array, Array]:
    """Some samples' own gradients (n, kh·kw·C/G, O), and their squares if no two products overlapped (n,)."""
    own: Array | None = None
    squares: Array = np.zeros(len(uses[0].dy[run.part]), dtype=dtype)
    for use in uses:
        x = use.x[run.part].astype(dtype, copy=False)
        dy = use.dy[run.part].astype(dtype, copy=False)
        of_x, of_dy = group_squares(x, groups), group_squares(dy, groups)
        room = len(dy) // run.runs * room_of_row(use.windows, x, dy, groups)
        for tile in tiles(1, range(dy.shape[1]), room):
            found = contributions(use.windows, x, tile.band, dy[:, tile.rows], groups)
            own = found if own is None else np.add(own, found, out=own)
            squares += diagonals(use.windows, of_x, tile.band, of_dy[:, tile.rows])
    assert own is not None
    return own, squares


def _outer_products(uses: tuple[Use, ...]) -> OuterProducts:
    """All patches written out as rows."""
    patches, cotangents = [], []
    for use in uses:
        samples, rows, columns, filters = use.dy.shape
        seen = use.windows.of(use.windows.framed(use.x, range(rows)))
        patches.append(seen.reshape(samples, rows * columns, -1))
        cotangents.append(use.dy.reshape(samples, rows * columns, filters))
    return OuterProducts(np.concatenate(patches, axis=1), np.concatenate(cotangents, axis=1))
