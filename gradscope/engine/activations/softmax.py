"""Softmax over the last axis: listed with the activations, but not elementwise."""

from dataclasses import dataclass

import numpy as np

from gradscope.engine import Array


@dataclass(frozen=True)
class Softmax:
    """e^z_k/Σ e^z_j over the last axis, K entries whose outputs are positive and add up to one."""

    name: str = "softmax"

    def forward(self, z: Array) -> Array:
        """The outputs (..., K); the largest z is taken out first, so that nothing overflows."""
        with np.errstate(over="ignore"):  # exp(−inf) is the right zero
            values: Array = z - z.max(axis=-1, keepdims=True)
        np.exp(values, out=values)
        values /= values.sum(axis=-1, keepdims=True)
        return values

    def backward(self, dy: Array, a: Array) -> Array:
        """dz = a (dy − ⟨dy, a⟩), given the outputs a."""
        dz: Array = dy - np.vecdot(dy, a)[..., np.newaxis]
        dz *= a
        return dz


def softmax() -> Softmax:
    """e^z_k/Σ e^z_j over the last axis (Bridle 1990)."""
    return Softmax()
