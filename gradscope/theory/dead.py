"""How many units a correctly initialised network leaves dead on a batch by chance."""

import math
from functools import lru_cache

import numpy as np

from gradscope.engine import Array
from gradscope.engine.erf import erf

REACH = 12.0
LEAST_NODES, MOST_NODES, FEW = 241, 4001, 1000

CERTAIN_SIGN = 6.0 * math.sqrt(2.0)
"""Φ of more is 1 to the last digit of float64."""

UNDERFLOW = 746.0
"""exp of less than minus this is zero."""

CERTAIN = 1.0 - 1e-9
"""Correlations above this are one and the same direction."""


def next_correlation(rho: float) -> float:
    """Correlation of two samples behind a wide ReLU layer without bias, from that before it.

    ρ′ = [√(1−ρ²) + ρ (π − arccos ρ)]/π.

    Source:
        Cho & Saul 2009, eq. 6 (arc-cosine kernel of degree 1).
    """
    rho = min(max(rho, -1.0), 1.0)
    return (math.sqrt(1.0 - rho * rho) + rho * (math.pi - math.acos(rho))) / math.pi


@lru_cache(maxsize=1 << 15)  # the deepest networks have a correlation of its own in every layer
def dead_probability(rho: float, samples: int, offset: float = 0.0) -> float:
    """P(m equally correlated Gaussian pre-activations are all negative) = ∫ φ(t) Φ(−(o + √ρ t)/√(1−ρ))^m dt.

    Args:
        rho: correlation of two of them; negative ones count as none.
        samples: m.
        offset: o, their mean in units of their standard deviation.
    """
    if samples == 1 or rho >= CERTAIN:
        return 0.5 * math.erfc(offset / math.sqrt(2.0))
    if rho <= 0.0:
        return (0.5 * math.erfc(offset / math.sqrt(2.0))) ** samples
    # Φ turns within √((1 − ρ)/ρ), and a trapezoid four times as fine is exact to rounding.
    steepness = math.sqrt(rho / (1.0 - rho))
    nodes = min(max(LEAST_NODES, math.ceil(8.0 * REACH * steepness)), MOST_NODES)
    t, density, step = _nodes(nodes)
    above = offset / math.sqrt(1.0 - rho) + steepness * t
    return float(np.sum(density * _all_negative(above, samples)) * step)


@lru_cache(maxsize=16)
def _nodes(count: int) -> tuple[Array, Array, float]:
    """Places in units of the common part's deviation, its density there, and their distance."""
    t = np.linspace(-REACH, REACH, count)
    return t, np.exp(-0.5 * t * t) / math.sqrt(2.0 * math.pi), float(t[1] - t[0])


def _all_negative(above: Array, samples: int) -> Array:
    """Φ(−x)^m of ascending x: 1 to the last digit at first, and 0 in the end, as Φ(−x) < exp(−x²/2)/2."""
    end = math.sqrt(max(0.0, 2.0 * (UNDERFLOW / samples - math.log(2.0))))
    first, last = above.searchsorted((-CERTAIN_SIGN, end)).tolist()
    found = np.zeros(above.size)
    found[:first] = 1.0
    places = above[first:last] / math.sqrt(2.0)
    if above.size > FEW:
        found[first:last] = (0.5 * (1.0 + erf(-places))) ** samples
    else:  # one by one is sooner done than the table of erf made, which rectifiers have no other need of
        found[first:last] = (0.5 * np.array([*map(math.erfc, places.tolist())])) ** samples
    return found
