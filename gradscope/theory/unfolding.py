"""From a network whose long repeats were cut short to the whole one: copies that all act alike are written
once."""

from collections.abc import Sequence

from msgspec import Struct

from gradscope.engine.outline import LayerInfo
from gradscope.theory.backward import LayerPrediction

_ALIKE = 1e-9
"""Relative difference below which two copies act alike."""

_SPREADS_ALIKE = 3e-4
"""Of what they add to spread and shift, which are not known to more digits."""


class Stretch(Struct, frozen=True):
    """The copies of one repeat among the layers of a shortened network."""

    start: int
    """Of its first layer."""
    size: int
    """Layers a copy has, those inside containers too."""
    copies: int
    """As many as the shortened network has."""
    missing: int
    """Copies left out."""

    @property
    def kept(self) -> slice:
        """The layers of the copy that those left out are like: in the middle, as the gradient settles from
        behind as moments do from in front."""
        first = self.start + self.copies // 2 * self.size
        return slice(first, first + self.size)


def is_settled(infos: Sequence[LayerInfo], layers: Sequence[LayerPrediction], stretch: Stretch) -> bool:
    """Whether the copy that is to stand for those left out acts as the one before it does."""
    kept = stretch.kept
    before = slice(kept.start - stretch.size, kept.start)
    if [info.output_shape for info in infos[kept]] != [info.output_shape for info in infos[before]]:
        return False
    # A correlation that creeps to its limit hardly shows beside a sample's own spread.
    behind = [layers[kept.stop - 1 - back * stretch.size] for back in (2, 1, 0)]
    first, second, third = ((*layer.spread, layer.shift) for layer in behind)
    added = abs(first[0] - third[0]) or abs(first[-1] - third[-1])
    if not all(
        abs(one - 2.0 * two + three) <= _SPREADS_ALIKE * added
        for one, two, three in zip(first, second, third, strict=True)
    ):
        return False
    return all(
        _near(one.gradient_gain, other.gradient_gain) and _near(one.second_moment, other.second_moment)
        for one, other in zip(layers[before], layers[kept], strict=True)
    )


def unfolded(
    infos: Sequence[LayerInfo], layers: Sequence[LayerPrediction], stretch: Stretch
) -> tuple[list[LayerInfo], list[LayerPrediction]]:
    """All layers, and the facts of each, those left out renamed copies of the kept ones."""
    kept = stretch.kept
    # What a copy adds is seen behind its last layer, which stands on the trunk: no gradient may reach the
    # inside of a branch, as where its scale is zero.
    one, other = layers[kept.stop - 1 - stretch.size], layers[kept.stop - 1]
    rise = one.log10_l2_ratio - other.log10_l2_ratio
    spread, shift = one.spread + other.spread.times(-1.0), one.shift - other.shift
    per_copy = _trunk_layers(infos[kept])
    found_infos: list[LayerInfo] = []
    found: list[LayerPrediction] = []

    def add(part: slice, copies_ahead: int, copies_behind: int) -> None:
        for info, layer in zip(infos[part], layers[part], strict=True):
            moved = _moved(info, copies_ahead * per_copy)
            found_infos.append(moved)
            found.append(
                LayerPrediction(
                    moved.name,
                    layer.second_moment,
                    layer.gradient_gain,
                    layer.log10_l2_ratio + copies_behind * rise,
                    layer.dead_fraction,
                    layer.rows,
                    layer.spread + spread.times(copies_behind),
                    layer.shift + copies_behind * shift,
                    layer.doubt,
                    layer.signal_spread,
                )
            )

    add(slice(0, kept.stop), 0, stretch.missing)
    for copy in range(1, stretch.missing + 1):
        add(kept, copy, stretch.missing - copy)
    add(slice(kept.stop, len(layers)), stretch.missing, 0)
    return found_infos, found


def _trunk_layers(infos: Sequence[LayerInfo]) -> int:
    return sum(1 for info in infos if not info.scope and (info.weighted or info.container))


def _moved(info: LayerInfo, shift: int) -> LayerInfo:
    """The layer so many trunk layers further on; a name the user gave stays."""
    if not shift:
        return info
    head, dot, rest = info.path.partition(".")
    letters = head[len(head.rstrip("abcdefghijklmnopqrstuvwxyz")) :]
    stem = head.removesuffix(letters).removesuffix(str(info.number))
    path = f"{stem}{info.number + shift}{letters}{dot}{rest}"
    name = path if info.name == info.path else info.name
    return info._replace(name=name, path=path, number=info.number + shift)


def _near(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= _ALIKE * abs(other)
