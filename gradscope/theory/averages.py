"""Everything theory needs of an activation at one Gaussian input, by one pass over the nodes."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradscope.engine.activations import Activation
from gradscope.theory.quadrature import gaussian_nodes


class Averages(NamedTuple):
    """Moments of h = φ(z) and of its slope, z ~ N(mean, v), and how they follow v."""

    mean: float
    """E φ."""
    second: float
    """E φ²."""
    slope: float
    """E φ′²."""
    stretch: float
    """d ln E φ² / d ln v."""
    bend: float
    """d² ln E φ² / d (ln v)²."""
    lean: float
    """d ln E φ′² / d ln v."""
    arch: float
    """d² ln E φ′² / d (ln v)²."""
    kurtosis: float
    """E φ⁴/(E φ²)²."""
    slope_kurtosis: float
    """E φ′⁴/(E φ′²)²."""
    both: float
    """E φ²φ′²/(E φ² E φ′²)."""


@lru_cache(maxsize=8192)
def averages(activation: Activation, variance: float, mean: float) -> Averages:
    """At z ~ N(mean, variance).

    How an average follows v comes from the same nodes: with u = (z − mean)/√v, d E f/d ln v = E f (u² −
    1)/2 and d² E f/d (ln v)² = E f ((u² − 1)²/4 − u²/2).
    """
    nodes = gaussian_nodes(variance, activation.kinks, mean)
    h = activation.fn(nodes.z)
    slope = activation.derivative(nodes.z, h)
    h2, slope2 = np.square(h), np.square(slope)
    second, first_of_second, bend_of_second = (nodes.following @ h2).tolist()
    square, first_of_square, bend_of_square = (nodes.following @ slope2).tolist()
    h2 /= second or 1.0
    slope2 /= square or 1.0
    weights = nodes.weights
    stretch, lean = _over(first_of_second, second), _over(first_of_square, square)
    return Averages(
        mean=float(weights @ h),
        second=second,
        slope=square,
        stretch=stretch,
        bend=_over(bend_of_second, second) - stretch**2,
        lean=lean,
        arch=_over(bend_of_square, square) - lean**2,
        kurtosis=float(weights @ np.square(h2)),
        slope_kurtosis=float(weights @ np.square(slope2)),
        both=float(weights @ (h2 * slope2)),
    )


def _over(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 0.0
