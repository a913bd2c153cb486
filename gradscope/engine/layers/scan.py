"""One direction of a recurrent layer: a cell walked along the steps of a sequence and back, with its
weights."""

from typing import Any, NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.gradients import OuterProducts, RowSum
from gradscope.engine.layer import Gradients
from gradscope.engine.layers.cells import Cell
from gradscope.engine.parameters import Parameter, matrix_of, row_of
from gradscope.engine.signal import Signal
from gradscope.engine.weights import Weight


class Walk(NamedTuple):
    """What one direction keeps of its way along a sequence."""

    x: Array
    h: Array
    """(B, T, U), in the order of the sequence."""
    steps: list[Any]
    """What the cell keeps of each step, in the order they were taken."""


class Direction:
    """A cell with its input weight (I, G·U), recurrent weight (U, G·U), bias (1, G·U) and, where the cell's
    recurrent product is multiplied by a gate, a bias (1, U) of that part of it.

    The gradient of the state is carried as a Signal from step to step, so that neither 1e-300 nor 1e+300
    between the ends of a sequence is lost.
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

    def order(self, length: int) -> range:
        """The steps of a sequence in the order they are taken."""
        return range(length - 1, -1, -1) if self.reverse else range(length)

    def forward(self, x: Array) -> Walk:
        """h at every step; the input's part of all steps is one product.   x (B, T, I)."""
        samples, length, fan_in = x.shape
        z = self.into.product_by_features(x.transpose(1, 0, 2).reshape(-1, fan_in))
        if self.bias is not None:
            z += self.bias.row()[:, np.newaxis]
        transposed = np.ascontiguousarray(self.recurrent.matrix().T)
        shift = None if self.recurrent_bias is None else self.recurrent_bias.row()[:, np.newaxis]
        state = np.zeros((self.cell.states * self.units, samples), dtype=x.dtype)
        h = np.empty((samples, length, self.units), dtype=x.dtype)
        steps = []
        for t in self.order(length):
            q = transposed @ state[: self.units]
            if shift is not None:
                q[-self.units :] += shift
            state, kept = self.cell.forward(z[:, t * samples : (t + 1) * samples], q, state)
            h[:, t] = state[: self.units].T
            steps.append(kept)
        return Walk(x, h, steps)

    def backward(self, dy: Signal, walk: Walk) -> tuple[Signal, Gradients]:
        """∂L/∂x (B, T, I), and the gradients by name under the exponent of dy.   dy (B, T, U)."""
        way = _WayBack(self, walk)
        dz, dq, exponent = way.preactivations(dy.mantissa)
        gradients: Gradients = {
            "input.weight": OuterProducts(walk.x, dz, exponent),
            "recurrent.weight": OuterProducts(self._before(walk.h), dq, exponent),
        }
        if self.bias is not None:
            gradients["bias"] = RowSum(dz, exponent)
        if self.recurrent_bias is not None:
            gradients["recurrent.bias"] = RowSum(dq[:, :, -self.units :], exponent)
        dx = self.into.times_transposed(dz.reshape(-1, dz.shape[2])).reshape(walk.x.shape)
        return Signal(dx, dy.exponent + exponent), gradients

    def state_gradients(self, last: Array, walk: Walk) -> Array:
        """log2 L2 (T,) of the state's gradient at each step in the order they were taken, given that of h at
        the last one.   last (B, U)."""
        return _WayBack(self, walk).norms(last)

    def slopes(self, walk: Walk) -> Array | None:
        """φ′ (B, T, U) of the cell's activation, in the order the steps were taken."""
        kept = [self.cell.activity(step) for step in walk.steps]
        there = [slopes for slopes in kept if slopes is not None]
        return np.stack(there).transpose(2, 0, 1) if there else None

    def own_parameters(self) -> dict[str, Parameter]:
        """By the names of the gradients; a bias as (G·U,)."""
        biases = {"bias": self.bias, "recurrent.bias": self.recurrent_bias}
        return {
            "input.weight": matrix_of(self.into),
            "recurrent.weight": matrix_of(self.recurrent),
            **{name: row_of(bias) for name, bias in biases.items() if bias is not None},
        }

    def _before(self, h: Array) -> Array:
        """h of the step before each: zero before the first."""
        before = np.zeros_like(h)
        if self.reverse:
            before[:, :-1] = h[:, 1:]
        else:
            before[:, 1:] = h[:, :-1]
        return before


class _WayBack:
    """The steps of a walk from the last to the first."""

    def __init__(self, direction: Direction, walk: Walk):
        self.cell = direction.cell
        self.units = direction.units
        self.weight = direction.recurrent.matrix()
        self.walk = walk
        self.order = direction.order(walk.h.shape[1])
        samples = walk.h.shape[0]
        self.state = Signal(np.zeros((self.cell.states * self.units, samples), dtype=walk.h.dtype))
        """The gradient of the state at the step that is looked at, but for what comes in there."""

    def preactivations(self, dy: Array) -> tuple[Array, Array, int]:
        """dz and dq (B, T, G·U) of all steps, both times a power of two whose exponent comes with them."""
        samples, length, _ = dy.shape
        dz = np.empty((samples, length, self.weight.shape[1]), dtype=dy.dtype)
        dq = dz
        exponents = np.zeros(length, dtype=np.int64)
        for t, kept in zip(reversed(self.order), reversed(self.walk.steps), strict=True):
            self._receive(dy[:, t].T)
            exponents[t] = self.state.exponent
            of_z, of_q, _ = self._step(kept)
            dz[:, t] = of_z.T
            if of_q is not of_z:
                dq = np.empty_like(dz) if dq is dz else dq
                dq[:, t] = of_q.T
        exponent = _align(dz, exponents)
        if dq is not dz:
            _shift(dq, exponents - exponent)
        return dz, dq, exponent

    def norms(self, last: Array) -> Array:
        """log2 L2 of the state's gradient at each step."""
        self._receive(last.T)
        norms = np.empty(len(self.order))
        for number in reversed(range(len(self.order))):
            exponent = self.state.exponent
            _, _, whole = self._step(self.walk.steps[number])
            norms[number] = Signal(whole, exponent).log2_l2
        return norms

    def _receive(self, dh: Array) -> None:
        """Add what comes in at this step."""
        if self.state.exponent == 0:
            whole = self.state.mantissa.copy()
            whole[: self.units] += dh
            self.state = Signal(whole)
            return
        arriving = np.zeros_like(self.state.mantissa)
        arriving[: self.units] = dh
        self.state = self.state + Signal(arriving)

    def _step(self, kept: Any) -> tuple[Array, Array, Array]:
        dz, dq, carried, whole = self.cell.backward(self.state.mantissa, kept)
        carried[: self.units] += self.weight @ dq
        self.state = self.state.with_mantissa(carried).rescaled()
        return dz, dq, whole


def _align(dz: Array, exponents: Array) -> int:
    """Bring the steps of dz (B, T, ·) from exponents of their own (T,) under one, which is given back."""
    if not exponents.any():
        return 0
    # An exact zero has no scale and no say in it.
    top = max((int(exponent) for t, exponent in enumerate(exponents) if dz[:, t].any()), default=0)
    _shift(dz, exponents - top)
    return top


def _shift(steps: Array, exponents: Array) -> None:
    """Times a power of two of its own for each step; what is far below the largest becomes zero."""
    for t in np.flatnonzero(exponents):
        np.ldexp(steps[:, t], exponents[t], out=steps[:, t])
