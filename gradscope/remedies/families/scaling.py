"""The remedy of scaling each layer by what it does to data: layer-sequential unit variance."""

import math
from collections.abc import Mapping, Sequence

from gradscope.remedies.remedy import Measure, Option, Situation
from gradscope.remedies.written import Item
from gradscope.report import Report

_SCALED = ("dense", "conv1d", "conv2d")
_ROUNDS = 5
_CLOSE = math.log(1.05)
"""Of an output's standard deviation to 1; copies of a repeat share a gain and may not get nearer."""


_FAR = math.log(1e30)
"""What shrinks or grows by more than this is not the doing of these layers, and no gain mends it."""


def unit_variance(at: Situation, measure: Measure) -> Option | None:
    """Orthogonal weights, each layer's gain such that its output has variance 1 (Mishkin & Matas 2016).

    The paper scales a drawn network layer by layer; a config's gains hold for every draw, so that they are
    sought in rounds, and are those of the geometric mean over the copies of a repeat.
    """
    items = [item for item in at.written.of_kind(*_SCALED) if item.is_entry]
    names = {item.path: _layers(at, item) for item in items}
    if not items or not all(names.values()):
        return None
    gains = dict.fromkeys(names, 1.0)
    option = _with_gains(at, items, gains)
    for _ in range(_ROUNDS):
        report = measure(option)
        rises = _rises(report, names) if report is not None else None
        if rises is None:
            return None
        if all(abs(rise) < _CLOSE for rise in rises.values()):
            break
        gains = {path: gain * math.exp(-rises[path]) for path, gain in gains.items()}
        option = _with_gains(at, items, gains)
    return option


def _with_gains(at: Situation, items: Sequence[Item], gains: Mapping[tuple[str | int, ...], float]) -> Option:
    shown = [float(f"{gains[item.path]:.3g}") for item in items]
    changes = tuple(
        at.written.with_option(item, "init", {"orthogonal": {"gain": gain}})
        for item, gain in zip(items, shown, strict=True)
    )
    return Option(f"unit variance: orthogonal, gains {', '.join(f'{gain:g}' for gain in shown)}", changes)


def _layers(at: Situation, item: Item) -> list[str]:
    """Names of the layers that an entry of the config became."""
    place = at.document.place(item.path)
    return [
        info.name
        for info in at.outline.layers
        if info.weighted and (info.line, info.column) == (place.line, place.column)
    ]


def _rises(
    report: Report, names: Mapping[tuple[str | int, ...], list[str]]
) -> dict[tuple[str | int, ...], float] | None:
    """Logarithm of what each entry's layers, in the mean, do to the standard deviation of the one before."""
    of = {name: path for path, layers in names.items() for name in layers}
    sums: dict[tuple[str | int, ...], list[float]] = {path: [] for path in names}
    before = 0.0
    for layer in report.layers:
        if layer.name in of:
            if not (0.0 < layer.output.std < math.inf):
                return None
            now = math.log(layer.output.std)
            sums[of[layer.name]].append(now - before)
            before = now
    if not all(sums.values()):
        return None
    rises = {path: sum(found) / len(found) for path, found in sums.items()}
    return rises if max(map(abs, rises.values())) < _FAR else None
