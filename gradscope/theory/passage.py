"""How mean-field moments and the squared gradient pass through one layer. A table of facts, not of names."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.outline import LayerInfo
from gradscope.theory.dead import dead_probability
from gradscope.theory.level import Level, UnreachableError
from gradscope.theory.pairs import pair_moment
from gradscope.theory.quadrature import gaussian_mean


class Passage(NamedTuple):
    """What happens across a layer."""

    level: Level
    """Behind it."""
    growth: float
    """E|∂L/∂x|² / E|∂L/∂y|²: the factor on the squared gradient, towards the input."""
    dead_fraction: float | None = None
    """Expected share of units dead on the batch."""
    kurtosis: float = 1.0
    """E φ′⁴/(E φ′²)²: how much the squared slopes vary, which is what spreads the norm at finite width."""


def affine(info: LayerInfo, level: Level, samples: int) -> Passage:
    """z = W h + b: σ_w² on second moments and on the squared gradient, σ_b² added (Poole et al. 2016, eq. 3)."""
    law = info.weight
    if law is None or law.mean != 0.0:
        raise UnreachableError("weights with a mean")
    sigma_w2 = law.variance * law.fans.fan_in
    bias_mean = info.bias.mean if info.bias else 0.0
    sigma_b2 = info.bias.variance + bias_mean**2 if info.bias else 0.0
    return Passage(
        Level(bias_mean, sigma_w2 * level.second + sigma_b2, sigma_w2 * level.pair + sigma_b2), sigma_w2
    )


def activated(info: LayerInfo, level: Level, samples: int) -> Passage:
    """h = φ(z), z Gaussian: E φ, E φ², E φφ by quadrature; E φ′² on the squared gradient."""
    activation = info.activation
    if not isinstance(activation, Activation):
        raise UnreachableError("softmax")
    variance, mean = _rounded(level.variance), _rounded(level.mean)
    if variance <= 0.0:
        raise UnreachableError("an activation of what does not vary")
    covariance = _rounded(level.pair - level.mean**2)

    def average(power: int, of_slope: bool) -> float:
        return _moment(activation, power, of_slope, variance, mean)

    slope2 = average(2, True)
    dead = None
    if activation.rectifies:
        rho = covariance / variance
        dead = dead_probability(rho, samples, offset=mean / variance**0.5)
    return Passage(
        Level(average(1, False), average(2, False), pair_moment(activation, mean, variance, covariance)),
        slope2,
        dead,
        average(4, True) / slope2**2 if slope2 > 0.0 else 1.0,
    )


def normalized(info: LayerInfo, level: Level, samples: int) -> Passage:
    """x̂ = (x − μ)/√(v + eps), and 1/(v + eps) on the squared gradient.

    Over the batch, v is what a unit varies between samples: E h² − E h_a h_b, (B − 1)/B of it for B samples, and
    two of B directions of the gradient are projected out (Yang et al. 2019: π/(π − 1) a layer for ReLU).
    """
    if info.normalizes == "batch":
        share = (samples - 1) / samples
        spread = max(level.second - level.pair, 0.0) * share
        scale = _reciprocal(spread + info.eps)
        second = spread * scale
        return Passage(
            Level(0.0, second, -second / max(samples - 1, 1)), scale * max(1.0 - 2.0 / samples, 0.0)
        )
    mean = 0.0 if info.normalizes == "rms" else level.mean
    scale = _reciprocal(level.second - mean**2 + info.eps)
    level = Level(
        (level.mean - mean) * scale**0.5, (level.second - mean**2) * scale, (level.pair - mean**2) * scale
    )
    return Passage(level, scale)


def dropped(info: LayerInfo, level: Level, samples: int) -> Passage:
    """Entries survive with probability 1 − rate and are scaled up: 1/(1 − rate) on E h² and on the gradient."""
    keep = 1.0 - (info.rate or 0.0)
    return Passage(level._replace(second=level.second / keep), 1.0 / keep)


def unchanged(info: LayerInfo, level: Level, samples: int) -> Passage:
    """Entries keep their values."""
    return Passage(level, 1.0)


PASSAGES: tuple[tuple[Callable[[LayerInfo], bool], Callable[[LayerInfo, Level, int], Passage]], ...] = (
    (lambda info: info.weight is not None, affine),
    (lambda info: info.activation is not None, activated),
    (lambda info: info.normalizes is not None, normalized),
    (lambda info: info.rate is not None, dropped),
    (lambda info: info.rearranges, unchanged),
)
"""Which fact of a layer decides how it is passed; the first that holds."""


def passage(info: LayerInfo, level: Level, samples: int) -> Passage:
    """How one layer is passed.

    Raises:
        UnreachableError: there is no theory of this layer here.
    """
    for holds, through in PASSAGES:
        if holds(info):
            return through(info, level, samples)
    raise UnreachableError(info.kind)


@lru_cache(maxsize=8192)
def _moment(activation: Activation, power: int, of_slope: bool, variance: float, mean: float) -> float:
    def value(z: Array) -> Array:
        a = activation.fn(z)
        return (activation.derivative(z, a) if of_slope else a) ** power

    return gaussian_mean(value, variance, activation.kinks, mean)


def _rounded(value: float) -> float:
    """To 13 digits, so that layers at a fixed point share what was computed for one of them."""
    return float(f"{value:.13g}")


def _reciprocal(value: float) -> float:
    return 1.0 / value if value > 0.0 else math.inf
