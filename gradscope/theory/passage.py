"""How mean-field moments and the squared gradient pass through one layer. A table of facts, not of names.

A convolution follows the dense law at every position: exactly with circular padding, while zeros at a
border take their share of the kernel from the moments and the gradient of the positions within its reach.
"""

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

LEAST_BATCH = 4
"""Of a batch normalisation that theory reaches: E 1/v of fewer samples' variance v is infinite."""


class Passage(NamedTuple):
    """What happens across a layer."""

    level: Level
    """Behind it."""
    growth: float
    """E|∂L/∂x|² / E|∂L/∂y|²: the factor on the squared gradient, towards the input."""
    dead_fraction: float | None = None
    """Expected share of units dead on the batch."""
    spread: float = 0.0
    """Variance of the ln of that factor, of one sample at this width (Hanin 2018 for dense and ReLU
    layers)."""
    evenness: float = 1.0
    """Share of the squared gradient that every sample of the batch is scaled by alike: (E φ′)²/E φ′²."""
    centring: float = 0.0
    """How much less a batch normalisation takes from a gradient that sums to zero over the batch: 1/(B −
    1)."""


def affine(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """z = W h + b: σ_w² on second moments and on the squared gradient, σ_b² added (Poole et al. 2016, eq.
    3)."""
    law = info.weight
    if law is None or law.mean != 0.0:
        raise UnreachableError("its weights have a mean")
    fan_in = law.fans.fan_in
    sigma_w2 = law.variance * fan_in
    bias_mean = info.bias.mean if info.bias else 0.0
    sigma_b2 = info.bias.variance + bias_mean**2 if info.bias else 0.0
    # Of entries drawn apart, |Wδ|²/|δ|² has variance 2/n about its mean; orthogonal weights keep norms.
    spread = 2.0 / fan_in if law.initializer.in_blocks else 0.0
    level = Level(bias_mean, sigma_w2 * level.second + sigma_b2, sigma_w2 * level.pair + sigma_b2)
    return Passage(level, sigma_w2, spread=spread)


def activated(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """h = φ(z), z Gaussian: E φ, E φ², E φφ by quadrature; E φ′² on the squared gradient."""
    activation = info.activation
    if not isinstance(activation, Activation):
        raise UnreachableError("softmax is not elementwise")
    variance, mean = _rounded(level.variance), _rounded(level.mean)
    if not 0.0 < variance < math.inf:
        raise UnreachableError(f"its input's variance is {variance:g}")
    covariance = _rounded(level.pair - level.mean**2)
    dead = None
    if activation.rectifies:
        samples = batch * batches * info.positions
        dead = dead_probability(_rounded(covariance / variance), samples, offset=mean / variance**0.5)
    found = _slopes(activation, variance, mean)
    level = Level(
        _moment(activation, 1, False, variance, mean),
        _moment(activation, 2, False, variance, mean),
        pair_moment(activation, mean, variance, covariance),
    )
    return Passage(level, found.square, dead, 3.0 * (found.kurtosis - 1.0) / info.features, found.evenness)


def normalized(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """x̂ = (x − μ)/√(v + eps), and 1/(v + eps) on the squared gradient.

    Over a batch of B, v is a χ² variable with B − 1 degrees of freedom about (1 − 1/B)(E h² − E h_a h_b),
    and the gradient loses two of B directions, of which a gradient that sums to zero had lost one already.
    Linear networks then grow by (B − 2)/(B − 3) a layer, ReLU ones towards π/(π − 1) for large B, and other
    activations as the Gaussian law says, right to order 1/B.

    Source:
        Yang et al. 2019 (A Mean Field Theory of Batch Normalization), linear case; Ba et al. 2016 for layer
        norm.
    """
    if info.normalizes == "batch":
        return _over_batch(info, level, batch * info.positions)
    mean = 0.0 if info.normalizes == "rms" else level.mean
    scale = _reciprocal(level.second - mean**2 + info.eps)
    level = Level(
        (level.mean - mean) * scale**0.5, (level.second - mean**2) * scale, (level.pair - mean**2) * scale
    )
    return Passage(level, scale)


def _over_batch(info: LayerInfo, level: Level, samples: int) -> Passage:
    if samples < LEAST_BATCH:
        raise UnreachableError(f"it normalises over {samples} samples, the law needs {LEAST_BATCH}")
    spread = max(level.second - level.pair, 0.0) * (samples - 1) / samples
    second = spread * _reciprocal(spread + info.eps)
    # E 1/v over 1/E v is (B − 1)/(B − 3) for a χ² variable; where eps decides, v matters as little.
    mean_reciprocal = _reciprocal(spread * (samples - 3) / (samples - 1) + info.eps)
    growth = mean_reciprocal * (1.0 - 2.0 / samples)
    return Passage(Level(0.0, second, -second / (samples - 1)), growth, centring=1.0 / (samples - 1))


def dropped(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """Entries survive with probability 1 − rate and are scaled up: 1/(1 − rate) on E h² and on the
    gradient."""
    keep = 1.0 - (info.rate or 0.0)
    spread = 3.0 * (1.0 / keep - 1.0) / info.features
    return Passage(level._replace(second=level.second / keep), 1.0 / keep, spread=spread, evenness=keep)


def unchanged(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """Entries keep their values."""
    return Passage(level, 1.0)


def _beyond(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    raise UnreachableError(f"there is no law for {info.kind} here")


Through = Callable[[LayerInfo, Level, int, int], Passage]

PASSAGES: tuple[tuple[Callable[[LayerInfo], bool], Through], ...] = (
    (lambda info: not info.is_affine or info.looks_up, _beyond),
    (lambda info: info.weight is not None, affine),
    (lambda info: info.activation is not None, activated),
    (lambda info: info.normalizes is not None, normalized),
    (lambda info: info.rate is not None, dropped),
    (lambda info: info.rearranges, unchanged),
)
"""Which fact of a layer decides how it is passed; the first that holds."""


def passage(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """How one layer is passed.

    Args:
        info: the layer's facts.
        level: in front of it.
        batch: samples a batch.
        batches: over which units are dead or not.

    Raises:
        UnreachableError: there is no theory of this layer here.
    """
    for holds, through in PASSAGES:
        if holds(info):
            return through(info, level, batch, batches)
    return _beyond(info, level, batch, batches)


class _Slopes(NamedTuple):
    square: float
    kurtosis: float
    evenness: float


@lru_cache(maxsize=8192)
def _slopes(activation: Activation, variance: float, mean: float) -> _Slopes:
    square = _moment(activation, 2, True, variance, mean)
    if square <= 0.0:
        return _Slopes(0.0, 1.0, 1.0)
    fourth = _moment(activation, 4, True, variance, mean)
    return _Slopes(square, fourth / square**2, _moment(activation, 1, True, variance, mean) ** 2 / square)


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
