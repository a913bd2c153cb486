"""How mean-field moments and the squared gradient pass through one layer. A table of facts, not of names.

A convolution follows the dense law at every position: exactly with circular padding, while zeros around the
image take energy from signal and gradient near the border, which is counted in the mean over positions.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from gradscope.engine.activations import Activation
from gradscope.engine.outline import LayerInfo
from gradscope.numerals import count
from gradscope.theory.averages import Averages, averages
from gradscope.theory.dead import dead_probability
from gradscope.theory.level import Level, UnreachableError
from gradscope.theory.pairs import PairAverages, pair_averages
from gradscope.theory.scatter import EXACT, Pair, Scatter

SHAPED = 0.08
"""What the Gaussian law is off by, relative to the growth, where an activation's input is the output of
others: measured on residual networks that rectify the sum, of 9 blocks, 256 units or 64 channels wide."""

LEAST_BATCH = 4
"""Of a batch normalisation that theory reaches: E 1/v of fewer samples' variance v is infinite."""


class Passage(NamedTuple):
    """What happens across a layer."""

    level: Level
    """The level behind it."""
    growth: float
    """E|∂L/∂x|² / E|∂L/∂y|²: the factor on the squared gradient, towards the input."""
    dead_fraction: float | None = None
    """Expected share of units dead on the batch."""
    scatter: Scatter = EXACT
    """What it adds to deviations at this width; of two samples whose gradients are orthogonal."""
    turned: float = 0.0
    """What the squared cosine of their gradients adds to that, times `scatter.back.two`'s unit."""
    alike: float = 1.0
    """Factor on the correlation of two samples' gradients."""
    centres: bool = False
    """Whether it takes what the samples' gradients have in common, leaving them a sum of zero."""
    mixes: float = 0.0
    """Mean squared cosine that random weights give any two gradients: 1/width."""
    along: float = 1.0
    """Factor on a gradient along the layer's output: what is left of it along the input, and beyond the
    growth."""
    spilt: float = 0.0
    """What becomes of it in other directions."""
    doubt: float = 0.0
    """What the law leaves out, relative to the growth."""


def affine(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """z = W h + b: σ_w² on second moments and on the squared gradient, σ_b² added (Poole et al. 2016, eq.
    3). Of n entries drawn apart the mean square has variance 2/n about its limit; orthogonal weights keep
    norms, or the share of them that there is room for."""
    law = info.weight
    if law is None or law.mean != 0.0:
        raise UnreachableError("its weights have a mean")
    if info.shares:
        raise UnreachableError(f"its weights are those of {info.shares}")
    if not (law.initializer.draws or law.is_zero):
        raise UnreachableError(f"{law.name} draws nothing")
    sigma_w2 = law.variance * law.fans.fan_in * (1.0 - info.lost)
    mean = info.bias.mean if info.bias else 0.0
    sigma_b2 = info.bias.variance if info.bias else 0.0
    into, out = law.fans.fan_in / law.fans.positions, law.fans.fan_out / law.fans.positions
    kept, kept_back = (
        (0.0, 0.0) if law.initializer.in_blocks else (min(1.0, out / into), min(1.0, into / out))
    )
    carried = sigma_w2 * level.second
    variance, covariance = carried + sigma_b2, sigma_w2 * level.pair + sigma_b2
    second = variance + mean**2
    share = _over(carried, second)
    random = 2.0 / out * (_over(variance, second) ** 2 - kept * share**2)
    scatter = Scatter(
        stretch=share,
        forward=Pair(random, random * _over(covariance, variance) ** 2),
        back=Pair(2.0 / into * (1.0 - kept_back), 0.0),
        bend=share * (1.0 - share),
        drift=-0.5 * random,
        sink=-1.0 / into * (1.0 - kept_back),
    )
    behind = Level(mean, second, covariance + mean**2, scatter.passed(level.deviation))
    back = scatter.back.one
    return Passage(
        behind, sigma_w2, scatter=scatter, turned=back, mixes=0.5 * back, along=out / into, spilt=1.0
    )


def activated(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """h = φ(z), z Gaussian: E φ, E φ², E φφ by quadrature; E φ′² on the squared gradient."""
    activation = info.activation
    if not isinstance(activation, Activation):
        raise UnreachableError("softmax is not elementwise")
    variance, mean = _rounded(level.variance), _rounded(level.mean)
    if not 0.0 < variance < math.inf:
        raise UnreachableError(f"its input's variance is {variance:g}")
    correlation = _rounded(min(max((level.pair - level.mean**2) / variance, -1.0), 1.0))
    dead = None
    if activation.rectifies:
        samples = batch * batches * info.positions
        dead = dead_probability(correlation, samples, offset=mean / variance**0.5)
    found = averages(activation, variance, mean)
    pairs = pair_averages(activation, variance, mean, correlation)
    scatter = _activation_scatter(found, pairs, level.second / variance, correlation, info.features)
    shape = level.shape if activation.is_linear else 1.0
    behind = Level(found.mean, found.second, pairs.product, scatter.passed(level.deviation), shape)
    turned = 2.0 * (pairs.slope_squares - 1.0) / info.features
    along = found.stretch**2 * _over(found.second, variance * found.slope)
    spilt = max(found.both - along, 0.0)
    doubt = 0.0 if activation.is_linear else SHAPED * level.shape
    return Passage(
        behind, found.slope, dead, scatter, turned, pairs.slopes, along=along, spilt=spilt, doubt=doubt
    )


def _activation_scatter(one: Averages, two: PairAverages, ratio: float, c: float, width: int) -> Scatter:
    """What the entries do given their mean square, which the layer in front accounts for: a sum over n
    independent units of φ², of φ′²g², and of both, g the Gaussian gradient from behind (E g⁴ = 3)."""
    if not (one.second > 0.0 and one.slope > 0.0):
        return Scatter(stretch=0.0)  # of nothing, nothing strays
    s, a, unit = one.stretch, one.lean, 1.0 / width
    forward = Pair(one.kurtosis - 1.0 - 2.0 * s * s, two.squares - 1.0 - 2.0 * (s * c) ** 2).times(unit)
    back = Pair(3.0 * (one.slope_kurtosis - 1.0) - 2.0 * a * a, two.slope_squares - 1.0 - 2.0 * (a * c) ** 2)
    back = back.times(unit)
    return Scatter(
        stretch=s * ratio,
        forward=forward,
        lean=a * ratio,
        back=back,
        both=Pair(one.both - 1.0 - 2.0 * s * a, two.both - 1.0 - 2.0 * s * a * c * c).times(unit),
        bend=one.bend * ratio**2,
        arch=one.arch * ratio**2,
        # Given a mean square that is not random, averages over entries stray by its missing variance 2/n.
        drift=-0.5 * forward.one - (s * s + one.bend - s) * unit,
        sink=-0.5 * back.one - (a * a + one.arch - a) * unit,
    )


def normalized(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """x̂ = (x − μ)/√(v + eps), and 1/(v + eps) on the squared gradient, of which the directions of x̂ and,
    where it centres, of the mean are lost.

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
    centres = info.normalizes != "rms"
    mean = level.mean if centres else 0.0
    variance = level.second - mean**2
    scale = _reciprocal(variance + info.eps)
    entries = info.features if info.normalizes in ("layer", "rms") else math.inf
    lost = max(0.0, 1.0 - (2.0 if centres else 1.0) / entries) / (1.0 - 1.0 / entries if centres else 1.0)
    scatter = Scatter(
        stretch=info.eps * scale, lean=-level.second * scale, arch=-level.second * info.eps * scale**2
    )
    behind = Level(
        (level.mean - mean) * scale**0.5,
        variance * scale,
        (level.pair - mean**2) * scale,
        scatter.passed(level.deviation),
        level.shape,
    )
    return Passage(behind, scale * lost, scatter=scatter, along=0.0)


def _over_batch(info: LayerInfo, level: Level, samples: int) -> Passage:
    if samples < LEAST_BATCH:
        raise UnreachableError(f"it normalises over {count(samples, 'sample')}, the law needs {LEAST_BATCH}")
    spread = max(level.second - level.pair, 0.0) * (samples - 1) / samples
    scale = _reciprocal(spread + info.eps)
    second = spread * scale
    # E 1/v over 1/E v is (B − 1)/(B − 3) for a χ² variable; where eps decides, v matters as little.
    mean_reciprocal = _reciprocal(spread * (samples - 3) / (samples - 1) + info.eps)
    growth = mean_reciprocal * (1.0 - 2.0 / samples)
    doubt = 2.0 / samples**2 + 2.0 / info.features
    # Units differ in v: E 1/v² over (E 1/v)² is (B − 3)/(B − 5).
    uneven = 2.0 / max(samples - 5.0, 0.5) / info.features
    scatter = Scatter(
        stretch=0.0,
        forward=Pair(1.0, -1.0 / (samples - 1)).times(2.0 / info.features),
        lean=-second,
        back=Pair(3.0 * uneven, uneven),
        arch=-second * info.eps * scale,
        drift=-1.0 / info.features,
        sink=-1.5 * uneven,
    )
    behind = Level(0.0, second, -second / (samples - 1), scatter.passed(level.deviation), level.shape)
    return Passage(behind, growth, scatter=scatter, centres=True, along=0.0, doubt=doubt)


def dropped(info: LayerInfo, level: Level, batch: int, batches: int) -> Passage:
    """Entries survive with probability 1 − rate and are scaled up: 1/(1 − rate) on E h² and on the
    gradient."""
    keep = 1.0 - (info.rate or 0.0)
    random = (1.0 / keep - 1.0) / info.features
    unit = Pair(3.0 * random)
    scatter = Scatter(forward=unit, back=unit, both=Pair(random), drift=-1.5 * random, sink=-1.5 * random)
    behind = level._replace(second=level.second / keep, deviation=scatter.passed(level.deviation))
    return Passage(behind, 1.0 / keep, scatter=scatter, alike=keep)


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


def _rounded(value: float) -> float:
    """To 13 digits, so that layers at a fixed point share what was computed for one of them."""
    return float(f"{value:.13g}")


def _reciprocal(value: float) -> float:
    return 1.0 / value if value > 0.0 else math.inf


def _over(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 0.0
