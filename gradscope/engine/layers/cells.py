"""What a recurrent cell is, and the plain one: h' = φ(z + U h). The walk through time is `scan`'s.

Arrays are feature-major here, (features, B): a gate is then one run of memory, and products are a third
faster.
"""

import math
from typing import Any, Protocol

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Activation


class Cell(Protocol):
    """One step through time, given what comes in from the input and from the state before.

    A state is (S·U, B): h, and below it whatever else the cell remembers.
    """

    gates: int
    """Preactivations a unit has."""
    states: int
    """Values a unit remembers, S."""
    kept: int
    """Entries a unit that a step leaves for the way back, or makes on it."""

    def forward(self, z: Array, q: Array, state: Array) -> tuple[Array, Any]:
        """The new state, and what `backward` needs.

        Shapes:
            z: x W + b (G·U, B); q: h U (G·U, B), may be written to; state: (S·U, B)
        """

    def backward(self, dstate: Array, cache: Any) -> tuple[Array, Array, Array, Array]:
        """One step back.

        Args:
            dstate: what arrives at the new state: (S·U, B) through its outputs and the steps behind it.
            cache: from `forward`.

        Returns:
            dz and dq (G·U, B); the gradient of the old state but for what passes through q; and the whole
            gradient of the new state, in which h has told the rest of it what it is made of.
        """

    def activity(self, cache: Any) -> Array | None:
        """The slopes φ′ (U, B) of the units' activation; None for a cell whose output is a product."""


class PlainCell:
    """h' = φ(z + q) (Elman 1990)."""

    gates = 1
    states = 1
    kept = 3

    def __init__(self, activation: Activation):
        self.activation = activation

    def forward(self, z: Array, q: Array, state: Array) -> tuple[Array, Array]:
        """Keeps the slopes."""
        q += z
        h = self.activation.fn(q)
        return h, self.activation.derivative(q, h)

    def backward(self, dstate: Array, cache: Array) -> tuple[Array, Array, Array, Array]:
        """dz = dq = dh φ′."""
        dz = dstate * cache
        return dz, dz, np.zeros_like(dstate), dstate

    def activity(self, cache: Array) -> Array:
        """The slopes."""
        return cache


def logistic_with_slope(z: Array, slope: Array) -> None:
    """z becomes σ(z), and `slope` σ′(z): both keep the digits of a small result, however far a gate is shut.

    Written e^z/(1 + e^z); beyond the clip, σ is 1 to the last digit and a slope of 1e-30 stands for less.
    """
    z.clip(-math.inf, z.dtype.type(_LARGEST), out=z)
    np.exp(z, out=z)
    np.add(z, z.dtype.type(1.0), out=slope)
    np.divide(z, slope, out=z)
    np.divide(z, slope, out=slope)


_LARGEST = 69.0
"""e^69 = 9e29 is harmless in float32."""
