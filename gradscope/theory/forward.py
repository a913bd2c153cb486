"""The way forward: moments of every layer's outputs, containers inside out. Knows no gradient."""

from collections.abc import Sequence

from msgspec import Struct

from gradscope.engine.outline import LayerInfo, Outline
from gradscope.theory.level import Level, UnreachableError
from gradscope.theory.passage import Passage, passage


class Passed(Struct, frozen=True):
    """A layer and how it was passed; of a container also the ways inside it."""

    info: LayerInfo
    passage: Passage
    inside: tuple["Passed", ...] = ()
    beside: tuple["Passed", ...] = ()


class Forward:
    """Sends moments through the layers of an outline."""

    def __init__(self, outline: Outline) -> None:
        self._scopes: dict[str, list[LayerInfo]] = {}
        for info in outline.layers:
            self._scopes.setdefault(info.scope, []).append(info)
        self._batch, self._batches = outline.batch_size, outline.batch_count

    @property
    def trunk(self) -> Sequence[LayerInfo]:
        """The layers that stand in no container."""
        return self._scopes.get("", ())

    def reached(self, level: Level) -> tuple[list[Passed], str | None]:
        """The layers of the trunk up to the first that theory does not reach, and why it does not."""
        passed: list[Passed] = []
        for info in self.trunk:
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
        if not info.container:
            return Passed(info, passage(info, level, self._batch, self._batches))
        inside, branch = self.along(self._scopes.get(info.path, ()), level)
        beside, around = self.along(self._scopes.get(f"{info.path}.shortcut", ()), level)
        if info.joins:
            return Passed(info, Passage(_joined(joined_share(info, inside), level, branch), 1.0), inside)
        return Passed(info, Passage(_added(branch_scale(info), around, branch), 1.0), inside, beside)


def branch_scale(info: LayerInfo) -> float:
    """What a residual branch is multiplied by."""
    return 1.0 if info.scale is None else info.scale


def joined_share(info: LayerInfo, inside: Sequence[Passed]) -> float:
    """The share of a concatenation's features that its branch gives."""
    return inside[-1].info.features / info.features if inside else 0.0


def _added(scale: float, around: Level, branch: Level) -> Level:
    # Branch and shortcut share no weights but those in front of both: only their means go together.
    both = 2.0 * scale * around.mean * branch.mean
    return Level(
        around.mean + scale * branch.mean,
        around.second + scale**2 * branch.second + both,
        around.pair + scale**2 * branch.pair + both,
    )


def _joined(share: float, level: Level, branch: Level) -> Level:
    return Level(*(share * ours + (1.0 - share) * theirs for ours, theirs in zip(branch, level, strict=True)))


def input_level(outline: Outline) -> Level | None:
    """The moments of the inputs; None where only the data know them."""
    if outline.inputs.second_moment is None:
        return None
    second = outline.inputs.second_moment(outline.input_shape)
    return Level(0.0, second, second * outline.inputs.correlation)
