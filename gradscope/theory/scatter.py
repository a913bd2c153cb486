"""How far networks of finite width stray from the limit: spreads of second moments on the way forward and of
the squared gradient on the way back, to first order in 1/width, with their effect on the mean logarithm."""

import math
from typing import NamedTuple

PER_LN = 0.5 / math.log(10.0)
"""log10 of a norm per ln of its square."""


class Pair(NamedTuple):
    """A variance over networks on one sample, and the covariance of two samples of a batch."""

    one: float = 0.0
    two: float = 0.0

    def __add__(self, other: "Pair") -> "Pair":  # type: ignore[override]
        """Of independent deviations."""
        return Pair(self.one + other.one, self.two + other.two)

    def times(self, factor: float) -> "Pair":
        """Of a deviation that is √factor times as large, or of two with that product."""
        one, two = self
        return Pair(one * factor, two * factor)


class Deviation(NamedTuple):
    """Of ln E h² on a sample from its limit: x."""

    spread: Pair = Pair()
    drift: float = 0.0
    """E x."""


NONE = Deviation()


class Scatter(NamedTuple):
    """What a layer, or several in a row, do to deviations.

    With x in front of them: behind them it is stretch · x + bend · x²/2 + ξ, and ln of the factor on the
    squared gradient deviates by lean · x + arch · x²/2 + η.
    """

    stretch: float = 1.0
    forward: Pair = Pair()
    """Of ξ."""
    lean: float = 0.0
    back: Pair = Pair()
    """Of η."""
    both: Pair = Pair()
    """Of ξ with η."""
    bend: float = 0.0
    arch: float = 0.0
    curl: float = 0.0
    """What second derivatives make of the deviations that arise on the way: arch · ξ² of what is behind them,
    summed up."""
    drift: float = 0.0
    """E ξ."""
    sink: float = 0.0
    """E η."""

    def then(self, behind: "Scatter") -> "Scatter":
        """Of this and what stands behind it."""
        lean, stretch = behind.lean, behind.stretch
        forward, both = self.forward, self.both
        # Networks have thousands of layers, and numbers are sooner added than pairs of them.
        (one, two), (one_both, two_both) = forward, both
        square, product = stretch**2, stretch * lean
        lean2, twice = lean**2, 2.0 * lean
        return Scatter(
            stretch=stretch * self.stretch,
            forward=Pair(one * square + behind.forward.one, two * square + behind.forward.two),
            lean=self.lean + lean * self.stretch,
            back=Pair(
                self.back.one + behind.back.one + one * lean2 + one_both * twice,
                self.back.two + behind.back.two + two * lean2 + two_both * twice,
            ),
            both=Pair(
                one_both * stretch + one * product + behind.both.one,
                two_both * stretch + two * product + behind.both.two,
            ),
            bend=stretch * self.bend + behind.bend * self.stretch**2,
            arch=self.arch + lean * self.bend + behind.arch * self.stretch**2,
            curl=self.curl + behind.curl + behind.arch * one,
        )

    def passed(self, before: Deviation) -> Deviation:
        """The deviation behind a single layer."""
        spread, drift = before
        return Deviation(
            spread.times(self.stretch**2) + self.forward,
            self.stretch * drift + 0.5 * self.bend * spread.one + self.drift,
        )

    def shift(self, before: Deviation) -> float:
        """Mean distance of ln of a single layer's factor on a sample's squared gradient from its limit."""
        spread, drift = before
        return self.lean * drift + 0.5 * self.arch * spread.one + self.sink

    def growth(self, before: Deviation) -> Pair:
        """The spread of ln of the factor on the squared gradient, given the deviation in front.

        Where deviations grow until the straight line no longer holds, the squares count too: of a normal x,
        arch · x²/2 has the variance (arch · x²)²/2.
        """
        bent = 0.5 * (self.curl + self.arch * before.spread.one) ** 2
        common = before.spread + self.forward
        share = (common.two / common.one) ** 2 if common.one > 0.0 else 1.0
        return self.back + before.spread.times(self.lean**2) + Pair(bent, bent * share)


EXACT = Scatter()
"""Of what changes nothing."""


def over_batch(spread: Pair, samples: int) -> float:
    """The spread of ln of a sum over a batch, from that of its terms, whose logarithms are normal."""
    highest = max(spread)
    share = 1.0 / samples
    total = share * math.exp(spread.one - highest) + (1.0 - share) * math.exp(spread.two - highest)
    return max(highest + math.log(total), 0.0) if math.isfinite(highest) else math.inf
