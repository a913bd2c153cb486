"""The way forward: moments of every layer's outputs, containers inside out. Knows no gradient."""

import math
from collections.abc import Sequence
from functools import reduce

from msgspec import Struct

from gradscope.engine.outline import LayerInfo, Outline
from gradscope.theory.level import Level, UnreachableError
from gradscope.theory.passage import Passage, passage
from gradscope.theory.scatter import EXACT, Deviation, Pair, Scatter


class Passed(Struct, frozen=True):
    """A layer and how it was passed; of a container also the ways inside it."""

    info: LayerInfo
    passage: Passage
    before: Level
    """The level in front of it."""
    inside: tuple["Passed", ...] = ()
    beside: tuple["Passed", ...] = ()


LARGEST = 1e150
"""Mean square whose square is still a number."""


class Forward:
    """Sends moments through the layers of an outline."""

    def __init__(self, outline: Outline) -> None:
        self._lists = outline.lists
        self._batch, self._batches = outline.batch_size, outline.batch_count
        self.rows = outline.batch_size * outline.batch_count
        """Samples of all batches together."""

    def reached(self, level: Level) -> tuple[list[Passed], str | None]:
        """The layers of the trunk up to the first that theory does not reach, and why it does not."""
        passed: list[Passed] = []
        for info in self._lists.get("", ()):
            try:
                passed.append(self.step(info, level))
            except UnreachableError as reason:
                return passed, f"{info.name}: {reason}"
            level = passed[-1].passage.level
        return passed, None

    def along(self, infos: Sequence[LayerInfo], level: Level) -> tuple[tuple[Passed, ...], Level]:
        """Layers in a row, and the level behind them.

        Raises:
            UnreachableError: there is no theory of one of them.
        """
        passed = []
        for info in infos:
            passed.append(self.step(info, level))
            level = passed[-1].passage.level
        return tuple(passed), level

    def step(self, info: LayerInfo, level: Level) -> Passed:
        """One layer, or a container with what is in it.

        Raises:
            UnreachableError: there is no theory of it.
        """
        if not level.second < LARGEST:
            raise UnreachableError(f"the mean square in front of it is {level.second:g}")
        if not info.container:
            return Passed(info, passage(info, level, self._batch, self._batches), level)
        inside, branch = self.along(self._lists.get(info.path, ()), level)
        beside, around = self.along(self._lists.get(f"{info.path}.shortcut", ()), level)
        meet = _joined if info.joins else _added
        return Passed(info, meet(info, level, (beside, around), (inside, branch)), level, inside, beside)


Branch = tuple[Sequence[Passed], Level]
"""A way through a container and the level at its end."""


def branch_scale(info: LayerInfo) -> float:
    """What a residual branch is multiplied by."""
    return 1.0 if info.scale is None else info.scale


def joined_share(info: LayerInfo, inside: Sequence[Passed]) -> float:
    """The share of a concatenation's features that its branch gives."""
    return inside[-1].info.features / info.features if inside else 0.0


def composed(passed: Sequence[Passed]) -> Scatter:
    """What layers in a row do to deviations on the way forward."""
    return reduce(Scatter.then, (step.passage.scatter for step in passed), EXACT)


def _added(info: LayerInfo, level: Level, shortcut: Branch, branch: Branch) -> Passage:
    # Branch and shortcut share no weights but those in front of both: only their means go together.
    (_, around), (_, through) = shortcut, branch
    scale = branch_scale(info)
    both = 2.0 * scale * around.mean * through.mean
    behind = Level(
        around.mean + scale * through.mean,
        around.second + scale**2 * through.second + both,
        around.pair + scale**2 * through.pair + both,
    )
    parts = around.second, scale**2 * through.second
    # The product of two vectors of independent directions has variance 1/n; of two samples, by their cosines.
    unit, cosine = 1.0 / info.features, around.correlation * through.correlation
    return _met(behind, level, (shortcut, branch), parts, Pair(unit, unit * cosine))


def _joined(info: LayerInfo, level: Level, shortcut: Branch, branch: Branch) -> Passage:
    (_, around), (inside, through) = shortcut, branch
    share = joined_share(info, inside)
    mean, second, pair = (
        share * theirs + (1.0 - share) * ours for ours, theirs in zip(around[:3], through[:3], strict=True)
    )
    behind = Level(mean, second, pair)
    parts = (1.0 - share) * around.second, share * through.second
    return _met(behind, level, (shortcut, branch), parts, Pair())


def _met(
    behind: Level, before: Level, branches: tuple[Branch, Branch], parts: tuple[float, float], product: Pair
) -> Passage:
    """Deviations behind two ways that meet: each counts by its part of the second moment."""
    whole = sum(parts)
    shares = [part / whole if whole > 0.0 else 0.5 for part in parts]
    around, through = (composed(way) for way, _ in branches)
    scatter = Scatter(
        stretch=shares[0] * around.stretch + shares[1] * through.stretch,
        forward=around.forward.times(shares[0] ** 2)
        + through.forward.times(shares[1] ** 2)
        + product.times(4.0 * shares[0] * shares[1]),
    )
    drift = sum(share * level.deviation.drift for share, (_, level) in zip(shares, branches, strict=True))
    deviation = Deviation(scatter.passed(before.deviation).spread, drift)
    shape = sum(share * level.shape for share, (_, level) in zip(shares, branches, strict=True))
    return Passage(behind._replace(deviation=deviation, shape=shape), 1.0, scatter=scatter)


def input_level(outline: Outline) -> Level | None:
    """The moments of the inputs; None where only the data know them."""
    if outline.inputs.moments is None:
        return None
    found = outline.inputs.moments(outline.input_shape)
    square = found.second * found.second
    if not (0.0 < square < math.inf and found.fourth < math.inf):
        return Level(found.mean, found.second, found.pair)
    # Entries drawn apart: the mean square of n of them has the variance of one square over n.
    unit = 1.0 / math.prod(outline.input_shape) / square
    own, common = found.fourth - square, found.squares - square
    spread = Pair(own * unit, common * unit)
    return Level(found.mean, found.second, found.pair, Deviation(spread, -0.5 * spread.one))
