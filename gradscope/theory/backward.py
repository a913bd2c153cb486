"""The way back: the squared gradient's growth over layers and containers, and its spread at finite width."""

import math
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from gradscope.numerals import power10
from gradscope.theory.forward import Passed, branch_scale, joined_share
from gradscope.theory.scatter import EXACT, NONE, PER_LN, Deviation, Pair, Scatter, over_batch

LEFT_OUT = 0.005
"""Decades that no law here is exact to: what is of second order in 1/width, rounding, borders of images."""


class LayerPrediction(Struct, frozen=True):
    """One layer at infinite width, and how far a network of this width strays from it."""

    name: str
    second_moment: float
    """E h² of an entry of its output."""
    gradient_gain: float
    """Factor on the gradient's norm across the layer, towards the input."""
    log10_l2_ratio: float
    """log10 of the L2 norm of the gradient at its output, over that at the last flow point."""
    dead_fraction: float | None
    rows: int
    """Number of samples and positions that the norm of its gradient adds up."""
    spread: Pair
    """Variance of ln of the squared gradient at its output, relative to the last flow point."""
    shift: float
    """How far the mean of that logarithm is from its limit, on one sample."""
    doubt: float
    """Standard deviation of what theory does not know of `shift`."""
    signal_spread: float = 0.0
    """Variance over networks of ln of the mean square of its output on one sample."""

    @property
    def log10_spread(self) -> float:
        """Standard deviation of `log10_l2_ratio` over networks of this width."""
        return PER_LN * math.sqrt(over_batch(self.spread, self.rows))

    @property
    def log10_signal_spread(self) -> float:
        """Standard deviation of log10 of the norm of its output over networks of this width."""
        return PER_LN * math.sqrt(max(self.signal_spread, 0.0))

    @property
    def log10_doubt(self) -> float:
        """Standard deviation of what theory does not know of `log10_shift`: the same in every network."""
        return PER_LN * self.doubt

    @property
    def log10_shift(self) -> float:
        """How far its mean over networks of this width is from the limit: that of a logarithm is lower than
        the logarithm of the mean, by half the variance that a batch does not average out."""
        return PER_LN * (self.shift + 0.5 * (self.spread.one - over_batch(self.spread, self.rows)))

    @property
    def log10_expected(self) -> float:
        """The mean of `log10_l2_ratio` over networks of this width."""
        return self.log10_l2_ratio + self.log10_shift

    @property
    def log10_std(self) -> float:
        """Standard deviation of a network of this width from that, as far as theory knows it."""
        return math.hypot(self.log10_spread, self.log10_doubt, LEFT_OUT)


class Alignment(Struct, frozen=True):
    """How alike the gradients of two samples are, and how alike a sample's gradient is to its own output."""

    mean: float = 0.0
    """Mean cosine of two samples' gradients."""
    random: float = 0.0
    """Variance of that cosine about its mean."""
    along: float = 0.0
    """Of the squared gradient, what points along the layer's output because the loss follows the outputs."""
    gained: float = 0.0
    """What else the squared gradient has for that, beyond its law for gradients that know no weights."""

    @property
    def square(self) -> float:
        """Mean of the squared cosine of two samples' gradients."""
        return min(self.mean**2 + self.random, 1.0)

    @property
    def gathered(self) -> float:
        """ln of the factor by which it is larger for that."""
        return math.log(max(1.0 + self.along + self.gained, 1e-300))


APART = Alignment()


class Way(Struct, frozen=True):
    """What layers in a row do to a gradient that comes from behind them."""

    log10: float = 0.0
    """log10 of the factor on its norm."""
    scatter: Scatter = EXACT
    """What they do to deviations."""
    shift: float = 0.0
    """How far ln of the factor on the square is from its limit on average, on one sample."""
    alignment: Alignment = Alignment()
    """That of the gradient in front of these layers."""
    doubt: float = 0.0
    """What theory does not know of `shift`, as a standard deviation."""
    layers: tuple[LayerPrediction, ...] = ()
    """In forward order, their ratios relative to the gradient that came in."""


def way_back(passed: Sequence[Passed], rows: int, alignment: Alignment = APART) -> Way:
    """The way of the gradient over layers in a row, from behind the last to in front of the first.

    Args:
        passed: the layers.
        rows: samples a batch, and batches.
        alignment: of the gradient that comes in.
    """
    way = Way(alignment=alignment)
    layers: list[LayerPrediction] = []
    for step in reversed(passed):
        own, inner = _across(step, rows, way.alignment)
        deviation = step.passage.level.deviation
        layers.append(_predicted(step, own, way, rows))
        layers += [_moved(layer, way, deviation) for layer in reversed(inner)]
        way = Way(
            way.log10 + own.log10,
            own.scatter.then(way.scatter),
            way.shift + own.shift,
            own.alignment,
            way.doubt + own.doubt,
        )
    return replace(way, layers=tuple(reversed(layers)))


def _across(step: Passed, rows: int, alignment: Alignment) -> tuple[Way, Sequence[LayerPrediction]]:
    """The way over one layer, and what it means for the layers inside it."""
    if step.info.container:
        return (_over_join if step.info.joins else _over_sum)(step, rows, alignment)
    found = step.passage
    growth = found.growth * max(1.0 - alignment.mean, 0.0) if found.centres else found.growth
    one, two = found.scatter.back
    scatter = found.scatter._replace(back=Pair(one, two + found.turned * alignment.square))
    samples = rows * step.info.positions
    left = Alignment(
        -1.0 / (samples - 1) if found.centres else alignment.mean * found.alike,
        min(alignment.random * found.alike**2 + found.mixes, 1.0),
        alignment.along * found.along,
        alignment.gained + alignment.along * found.spilt,
    )
    before = step.before.deviation
    if found.centres:  # over a whole batch the mean square does not drift
        before = before._replace(drift=0.0)
    return Way(0.5 * _log10(growth), scatter, scatter.shift(before), left, found.doubt), ()


def _over_sum(step: Passed, rows: int, alignment: Alignment) -> tuple[Way, Sequence[LayerPrediction]]:
    offset = _log10(abs(branch_scale(step.info)))
    inside, beside = way_back(step.inside, rows, alignment), way_back(step.beside, rows, alignment)
    way = _together(step, inside, beside, offset, 0.0)
    return way, [*(_moved(layer, Way(offset)) for layer in inside.layers), *beside.layers]


def _over_join(step: Passed, rows: int, alignment: Alignment) -> tuple[Way, Sequence[LayerPrediction]]:
    """The gradient is shared out by the number of features on either side."""
    share = joined_share(step.info, step.inside)
    inside = way_back(step.inside, rows, alignment)
    offset = 0.5 * _log10(share)
    way = _together(step, inside, Way(alignment=alignment), offset, 0.5 * _log10(1.0 - share))
    return way, [_moved(layer, Way(offset)) for layer in inside.layers]


def _together(step: Passed, inside: Way, beside: Way, offset: float, other: float) -> Way:
    """Two ways that meet: squares add, and their product, of independent directions, has variance 1/n."""
    ours, theirs = inside.log10 + offset, beside.log10 + other
    larger = max(ours, theirs)
    if larger == -math.inf:
        return Way(log10=-math.inf)
    a, b = power10(2.0 * (ours - larger)), power10(2.0 * (theirs - larger))
    share, rest = a / (a + b), b / (a + b)
    first, second = inside.scatter, beside.scatter
    product = 4.0 * share * rest / step.info.features
    square = share * inside.alignment.square + rest * beside.alignment.square
    forward = step.passage.scatter
    scatter = Scatter(
        stretch=forward.stretch,
        forward=forward.forward,
        lean=share * first.lean + rest * second.lean,
        back=first.back.times(share**2) + second.back.times(rest**2) + Pair(product, product * square),
    )
    apart = first.back.one + second.back.one
    return Way(
        larger + 0.5 * math.log10(a + b),
        scatter,
        share * inside.shift + rest * beside.shift + 0.5 * share * rest * apart - 0.5 * product,
        Alignment(
            share * inside.alignment.mean + rest * beside.alignment.mean,
            share * inside.alignment.random + rest * beside.alignment.random,
            share * inside.alignment.along + rest * beside.alignment.along,
            share * inside.alignment.gained + rest * beside.alignment.gained,
        ),
        share * inside.doubt + rest * beside.doubt,
    )


def _predicted(step: Passed, own: Way, behind: Way, rows: int) -> LayerPrediction:
    return LayerPrediction(
        name=step.info.name,
        second_moment=step.passage.level.second,
        gradient_gain=power10(own.log10),
        log10_l2_ratio=behind.log10,
        dead_fraction=step.passage.dead_fraction,
        rows=rows * step.info.positions,
        spread=behind.scatter.growth(step.passage.level.deviation),
        shift=behind.shift + 0.5 * behind.alignment.gathered,
        # What follows the outputs differs from network to network by about as much as it is.
        doubt=math.hypot(0.5 * behind.alignment.gathered, behind.doubt),
        signal_spread=step.passage.level.deviation.spread.one,
    )


def _moved(layer: LayerPrediction, behind: Way, deviation: Deviation = NONE) -> LayerPrediction:
    """The same, seen from further behind."""
    return LayerPrediction(
        layer.name,
        layer.second_moment,
        layer.gradient_gain,
        layer.log10_l2_ratio + behind.log10,
        layer.dead_fraction,
        layer.rows,
        layer.spread + behind.scatter.growth(deviation),
        layer.shift + behind.shift,
        math.hypot(layer.doubt, behind.doubt),
        layer.signal_spread,
    )


def _log10(value: float) -> float:
    return math.log10(value) if value > 0.0 else -math.inf
