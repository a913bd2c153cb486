"""One direction of a recurrent layer: the weights of a cell, and how a batch is laid out for its walk."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.affine_gradients import OuterProducts, RowSum
from gradscope.engine.layer import Gradients
from gradscope.engine.layers.cells import Cell
from gradscope.engine.layers.walking import Maps, Walk, WayBack, walk
from gradscope.engine.magnitude import joint_log2_l2
from gradscope.engine.parameters import Parameter, matrix_of, row_of
from gradscope.engine.signal import Signal
from gradscope.engine.threads import side_by_side
from gradscope.engine.weights import Weight

_PIECE_PRODUCTS = 1 << 20
"""Multiplications of a step from which samples walk apart: below, another walk costs more than it saves."""

_PIECE_SAMPLES = 16
_MOST_PIECES = 4


class Trail(NamedTuple):
    """What one direction keeps of its way along a batch of sequences."""

    x: Array
    h: Array
    """(B, T, U), in the order of the sequence."""
    walks: list[Walk]
    """Of each piece of the batch."""


class Direction:
    """A cell with its input weight (I, G·U), recurrent weight (U, G·U), bias (1, G·U) and, where the cell's
    recurrent product is multiplied by a gate, a bias (1, U) of that part of it.

    The samples of a batch do not know of each other: pieces of it walk side by side, cut the same way on any
    number of threads.
    """

    def __init__(
        self,
        cell: Cell,
        into: Weight,
        recurrent: Weight,
        bias: Weight | None,
        recurrent_bias: Weight | None = None,
        *,
        reverse: bool = False,
    ):
        self.cell = cell
        self.into = into
        self.recurrent = recurrent
        self.bias = bias
        self.recurrent_bias = recurrent_bias
        self.reverse = reverse
        self.units = recurrent.shape[0]

    @property
    def parameter_count(self) -> int:
        """Entries of all weights and biases."""
        there = (self.into, self.recurrent, self.bias, self.recurrent_bias)
        return sum(weight.size for weight in there if weight is not None)

    def taken(self, x: Array) -> Array:
        """(B, T, ...) in the order the steps are taken, or from there in the order of the sequence; a
        view."""
        return x[:, ::-1] if self.reverse else x

    def forward(self, x: Array) -> Trail:
        """h at every step.   x (B, T, I)."""
        samples, length, _ = x.shape
        pieces = self._pieces(samples)
        maps = Maps(
            self.into.transposed(),
            self.recurrent.transposed(),
            None if self.bias is None else self.bias.transposed(),
            None if self.recurrent_bias is None else self.recurrent_bias.transposed(),
        )
        h = np.empty((samples, length, self.units), dtype=x.dtype)
        entering, shown = self.taken(x), self.taken(h)

        def run(number: int) -> Walk:
            piece = pieces[number]
            walked = walk(self.cell, maps, entering[piece].swapaxes(0, 1))
            shown[piece] = walked.states[1:, : self.units].transpose(2, 0, 1)
            return walked

        return Trail(x, h, side_by_side(run, range(len(pieces))))

    def backward(self, dy: Signal, trail: Trail) -> tuple[Signal, Gradients]:
        """∂L/∂x (B, T, I), and the gradients by name under the exponent of dy.   dy (B, T, U)."""
        dz, dq, exponent = self._preactivations(dy.mantissa, trail)
        gradients: Gradients = {
            "input.weight": OuterProducts(trail.x, dz, exponent),
            "recurrent.weight": self._recurrent_gradient(trail.h, dq, exponent),
        }
        if self.bias is not None:
            gradients["bias"] = RowSum(dz, exponent)
        if self.recurrent_bias is not None:
            gradients["recurrent.bias"] = RowSum(dq[:, :, -self.units :], exponent)
        return Signal(self._through_input(dz), dy.exponent + exponent), gradients

    def state_gradients(self, last: Array, trail: Trail) -> Array:
        """log2 L2 (T,) of the state's gradient at each step in the order they were taken, given that of h at
        the last one.   last (B, U)."""
        weight = self.recurrent.matrix()

        def run(number: int) -> Array:
            return WayBack(self.cell, weight, trail.walks[number]).norms(last[pieces[number]])

        pieces = self._pieces(len(last))
        found = side_by_side(run, range(len(pieces)))
        return np.array([joint_log2_l2(norms) for norms in zip(*map(np.ndarray.tolist, found), strict=True)])

    def slopes(self, trail: Trail) -> Array | None:
        """φ′ (B, T, U) of the cell's activation, in the order the steps were taken."""
        kept = [self.cell.activity(walked.tape) for walked in trail.walks]
        there = [slopes.transpose(2, 0, 1) for slopes in kept if slopes is not None]
        return np.concatenate(there) if there else None

    def own_parameters(self) -> dict[str, Parameter]:
        """By the names of the gradients; a bias as (G·U,)."""
        biases = {"bias": self.bias, "recurrent.bias": self.recurrent_bias}
        return {
            "input.weight": matrix_of(self.into),
            "recurrent.weight": matrix_of(self.recurrent),
            **{name: row_of(bias) for name, bias in biases.items() if bias is not None},
        }

    def _pieces(self, samples: int) -> list[slice]:
        products = self.recurrent.size * samples
        count = max(1, min(samples // _PIECE_SAMPLES, products // _PIECE_PRODUCTS, _MOST_PIECES))
        return [
            slice(start, stop)
            for start, stop in pairwise(samples * number // count for number in range(count + 1))
        ]

    def _preactivations(self, dy: Array, trail: Trail) -> tuple[Array, Array, int]:
        """dz and dq (B, T, G·U) of all steps, both times a power of two whose exponent comes with them."""
        weight = self.recurrent.matrix()
        dz = np.empty((*dy.shape[:2], weight.shape[1]), dtype=dy.dtype)
        dq = np.empty_like(dz) if self.cell.has_own_dq else dz
        taken = [self.taken(array) for array in (dy, dz, dq)]
        pieces = self._pieces(len(dy))
        exponents = np.zeros((len(pieces), dy.shape[1]), dtype=np.int64)

        def run(number: int) -> None:
            of_dy, of_z, of_q = (array[pieces[number]] for array in taken)
            back = WayBack(self.cell, weight, trail.walks[number])
            # Where dz and dq are one array, the views of it are one object too.
            back.preactivations(of_dy, of_z, of_z if dq is dz else of_q, exponents[number])

        side_by_side(run, range(len(pieces)))
        exponent = _align(taken[1], exponents, pieces)
        if dq is not dz:
            _shift(taken[2], exponents - exponent, pieces)
        return dz, dq, exponent

    def _through_input(self, dz: Array) -> Array:
        """∂L/∂x (B, T, I)."""
        back = self.into.matrix().T
        dx = np.empty((*dz.shape[:2], back.shape[1]), dtype=dz.dtype)

        def fill(piece: slice) -> None:
            rows = dz[piece].reshape(-1, len(back))
            np.matmul(rows, back, out=dx[piece].reshape(-1, back.shape[1]))

        side_by_side(fill, self._pieces(len(dz)))
        return dx

    def _recurrent_gradient(self, h: Array, dq: Array, exponent: int) -> OuterProducts:
        """Σ h before the step ⊗ dq; nothing comes of the first step, before which h is zero."""
        if h.shape[1] == 1:
            return OuterProducts(np.zeros_like(h), dq, exponent)
        before, behind = slice(0, -1), slice(1, None)
        if self.reverse:
            before, behind = behind, before
        return OuterProducts(h[:, before], dq[:, behind], exponent)


def _align(dz: Array, exponents: Array, pieces: Sequence[slice]) -> int:
    """Bring the steps of dz (B, T, ·) from exponents of their own (pieces, T) under one: given
    back."""
    if not exponents.any():
        return 0
    # An exact zero has no scale and no say in it.
    there = [
        int(exponent)
        for piece, of_piece in zip(pieces, exponents, strict=True)
        for t, exponent in enumerate(of_piece)
        if dz[piece, t].any()
    ]
    top = max(there, default=0)
    _shift(dz, exponents - top, pieces)
    return top


def _shift(steps: Array, exponents: Array, pieces: Sequence[slice]) -> None:
    """Times a power of two of its own for each piece and step; what is far below the largest becomes zero."""
    for number, t in zip(*np.nonzero(exponents), strict=True):
        part = steps[pieces[number], t]
        np.ldexp(part, exponents[number, t], out=part)
