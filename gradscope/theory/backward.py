"""The way back: the squared gradient's growth over layers and containers, and its spread at finite width."""

import math
from collections.abc import Sequence

from msgspec import Struct

from gradscope.numerals import power10
from gradscope.theory.forward import Passed, branch_scale, joined_share

_PER_LN = 0.5 / math.log(10.0)
"""log10 of a norm per ln of its square."""


class LayerPrediction(Struct, frozen=True):
    """One layer at infinite width."""

    name: str
    second_moment: float
    """E h² of an entry of its output."""
    gradient_gain: float
    """Factor on the gradient's norm across the layer, towards the input."""
    log10_l2_ratio: float
    """Of the gradient at its output, relative to the last flow point."""
    dead_fraction: float | None
    log10_spread: float
    """Standard deviation of `log10_l2_ratio` for one sample at this network's own width; a batch, whose
    samples share the weights but not their gradients, spreads less."""


class Way(Struct, frozen=True):
    """What layers in a row do to a gradient that comes from behind them."""

    log10: float = 0.0
    """log10 of the factor on its norm."""
    spread: float = 0.0
    """Variance of the ln of the factor on its square."""
    centred: float = 0.0
    """Share of the gradient that sums to zero over the batch when it leaves."""
    layers: tuple[LayerPrediction, ...] = ()
    """In forward order, their ratios relative to the gradient that came in."""


def way_back(passed: Sequence[Passed], centred: float = 0.0) -> Way:
    """The way of the gradient over layers in a row, from behind the last to in front of the first."""
    log10, spread = 0.0, 0.0
    layers: list[LayerPrediction] = []
    for step in reversed(passed):
        own, inner = _across(step, centred)
        deviation = math.sqrt(spread) * _PER_LN
        layers.append(_predicted(step, own, log10, deviation))
        layers += [_moved(layer, log10, deviation) for layer in reversed(inner)]
        log10, spread, centred = log10 + own.log10, spread + own.spread, own.centred
    return Way(log10, spread, centred, tuple(reversed(layers)))


def _across(step: Passed, centred: float) -> tuple[Way, Sequence[LayerPrediction]]:
    """The way over one layer, and what it means for the layers inside it."""
    if step.info.container:
        return (_over_join if step.info.joins else _over_sum)(step, centred)
    found = step.passage
    log10 = 0.5 * _log10(found.growth * (1.0 + found.centring * centred))
    return Way(log10, found.spread, 1.0 if found.centring else centred * found.evenness), ()


def _over_sum(step: Passed, centred: float) -> tuple[Way, Sequence[LayerPrediction]]:
    scale = abs(branch_scale(step.info))
    inside, beside = way_back(step.inside, centred), way_back(step.beside, centred)
    offset = _log10(scale)
    way = _together(inside, beside, offset, 0.0, step.info.features)
    return way, [*(_moved(layer, offset, 0.0) for layer in inside.layers), *beside.layers]


def _over_join(step: Passed, centred: float) -> tuple[Way, Sequence[LayerPrediction]]:
    """The gradient is shared out by the number of features on either side."""
    share = joined_share(step.info, step.inside)
    inside = way_back(step.inside, centred)
    offset = 0.5 * _log10(share)
    way = _together(inside, Way(centred=centred), offset, 0.5 * _log10(1.0 - share), step.info.features)
    return way, [_moved(layer, offset, 0.0) for layer in inside.layers]


def _together(inside: Way, beside: Way, offset: float, other: float, width: int) -> Way:
    """Two ways that meet: squares add, and their product, of independent directions, has variance 1/n."""
    ours, theirs = inside.log10 + offset, beside.log10 + other
    larger = max(ours, theirs)
    if larger == -math.inf:
        return Way(log10=-math.inf)
    a, b = power10(2.0 * (ours - larger)), power10(2.0 * (theirs - larger))
    share = a / (a + b)
    spread = share**2 * inside.spread + (1.0 - share) ** 2 * beside.spread
    return Way(
        larger + 0.5 * math.log10(a + b),
        spread + 4.0 * share * (1.0 - share) / width,
        share * inside.centred + (1.0 - share) * beside.centred,
    )


def _predicted(step: Passed, own: Way, log10: float, deviation: float) -> LayerPrediction:
    return LayerPrediction(
        name=step.info.name,
        second_moment=step.passage.level.second,
        gradient_gain=power10(own.log10),
        log10_l2_ratio=log10,
        dead_fraction=step.passage.dead_fraction,
        log10_spread=deviation,
    )


def _moved(layer: LayerPrediction, log10: float, deviation: float) -> LayerPrediction:
    """The same, seen from further behind."""
    return LayerPrediction(
        layer.name,
        layer.second_moment,
        layer.gradient_gain,
        layer.log10_l2_ratio + log10,
        layer.dead_fraction,
        math.hypot(layer.log10_spread, deviation),
    )


def _log10(value: float) -> float:
    return math.log10(value) if value > 0.0 else -math.inf
