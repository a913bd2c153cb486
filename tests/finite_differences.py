"""Central differences: what a gradient is compared with when nobody else has computed it."""

from collections.abc import Callable

import numpy as np
import numpy.testing as npt

from gradscope.engine import Array


def numerical_gradient(function: Callable[[Array], float], x: Array, *, step: float = 1e-6) -> Array:
    """∂function/∂x, one entry at a time, in float64:   x of any shape -> the same shape."""
    point = np.array(x, dtype=np.float64)
    gradient = np.empty_like(point)
    for index in np.ndindex(point.shape):
        centre = point[index]
        point[index] = centre + step
        above = float(function(point))
        point[index] = centre - step
        below = float(function(point))
        point[index] = centre
        gradient[index] = (above - below) / (2.0 * step)
    return gradient


def directional_check(
    function: Callable[[Array], float],
    gradient: Array,
    x: Array,
    rng: np.random.Generator,
    *,
    step: float = 1e-6,
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> None:
    """Assert that ⟨gradient, u⟩ is the slope of `function` at x along a random direction u of unit length.

    Two evaluations whatever the size of x: for whole networks, where one at a time is too many.
    """
    point = np.array(x, dtype=np.float64)
    direction = rng.standard_normal(point.shape)
    direction /= np.linalg.norm(direction)
    above = float(function(point + step * direction))
    below = float(function(point - step * direction))
    npt.assert_allclose(np.vdot(gradient, direction), (above - below) / (2.0 * step), rtol=rtol, atol=atol)
