"""What theory predicts for a network, layer by layer, without drawing it: its gradient's flow at infinite width, and
how far finite width spreads it."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec import Struct

from gradscope.engine.outline import LayerInfo, Outline
from gradscope.probe.flow import measure_flow
from gradscope.probe.trace import Flow
from gradscope.theory.level import Level, UnreachableError
from gradscope.theory.passage import Passage, passage


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
    """Standard deviation of `log10_l2_ratio` of one draw at this network's own width."""


class Prediction(Struct, frozen=True):
    """A network at infinite width, as far as theory reaches."""

    layers: tuple[LayerPrediction, ...]
    flow: Flow
    unreached: str | None = None
    """The first layer theory does not reach, and why; the layers from it on are missing."""


class _Passed(Struct, frozen=True):
    info: LayerInfo
    passage: Passage
    inside: tuple["_Passed", ...] = ()
    beside: tuple["_Passed", ...] = ()


def predict(outline: Outline) -> Prediction:
    """Send the moments forward and the squared gradient back."""
    level = _input_level(outline)
    scopes = {scope: tuple(infos) for scope, infos in _by_scope(outline)}
    passed: list[_Passed] = []
    unreached = None
    if level is None:
        unreached = "the input, whose moments only the data know"
    else:
        samples = outline.batch_size * outline.batch_count
        for info in scopes.get("", ()):
            try:
                step = _through(info, level, samples, scopes)
            except UnreachableError as reason:
                unreached = f"{info.name}: {reason}"
                break
            passed.append(step)
            level = step.passage.level
    layers = _backward(passed)
    points = {info.name for info in outline.flow_points}
    flow = measure_flow([layer.log10_l2_ratio for layer in layers if layer.name in points])
    return Prediction(tuple(layers), flow, unreached)


def _input_level(outline: Outline) -> Level | None:
    if outline.inputs.second_moment is None:
        return None
    second = outline.inputs.second_moment(outline.input_shape)
    return Level(0.0, second, second * outline.inputs.correlation)


def _by_scope(outline: Outline) -> Iterable[tuple[str, Iterable[LayerInfo]]]:
    ordered = sorted(outline.layers, key=lambda info: info.scope)
    return groupby(ordered, key=lambda info: info.scope)


def _through(
    info: LayerInfo, level: Level, samples: int, scopes: dict[str, tuple[LayerInfo, ...]]
) -> _Passed:
    if not info.container:
        return _Passed(info, passage(info, level, samples))
    inside, branch = _along(scopes.get(info.path, ()), level, samples, scopes)
    beside, around = _along(scopes.get(f"{info.path}.shortcut", ()), level, samples, scopes)
    if info.joins:
        return _Passed(info, _joined(info, level, branch, inside), inside)
    scale = 1.0 if info.scale is None else info.scale
    both = 2.0 * scale * around.mean * branch.mean
    summed = Level(
        around.mean + scale * branch.mean,
        around.second + scale**2 * branch.second + both,
        around.pair + scale**2 * branch.pair + both,
    )
    growth = _growth(beside) + scale**2 * _growth(inside)
    return _Passed(info, Passage(summed, growth), inside, beside)


def _joined(info: LayerInfo, level: Level, branch: Level, inside: Sequence[_Passed]) -> Passage:
    """Moments and gradient are shared out by the number of features on either side."""
    into = inside[-1].info.features if inside else 0
    share = into / info.features
    mixed = Level(
        *(share * ours + (1.0 - share) * theirs for ours, theirs in zip(branch, level, strict=True))
    )
    return Passage(mixed, (1.0 - share) + share * _growth(inside))


def _along(
    infos: Sequence[LayerInfo], level: Level, samples: int, scopes: dict[str, tuple[LayerInfo, ...]]
) -> tuple[tuple[_Passed, ...], Level]:
    passed = []
    for info in infos:
        passed.append(_through(info, level, samples, scopes))
        level = passed[-1].passage.level
    return tuple(passed), level


def _growth(passed: Sequence[_Passed]) -> float:
    return math.prod(step.passage.growth for step in passed)


def _backward(trunk: Sequence[_Passed]) -> list[LayerPrediction]:
    """Layers in forward order, their gradients relative to the last flow point's."""
    last = max((number for number, step in enumerate(trunk) if step.info.flow_point), default=len(trunk) - 1)
    behind = sum(_log10(step.passage.growth) for step in trunk[last + 1 :])
    return _walk(trunk, -0.5 * behind, 0.0)


def _walk(passed: Sequence[_Passed], log10_l2: float, variance: float) -> list[LayerPrediction]:
    layers: list[LayerPrediction] = []
    for step in reversed(passed):
        scale = abs(step.info.scale) if step.info.scale is not None else 1.0
        own = LayerPrediction(
            name=step.info.name,
            second_moment=step.passage.level.second,
            gradient_gain=math.sqrt(step.passage.growth),
            log10_l2_ratio=log10_l2,
            dead_fraction=step.passage.dead_fraction,
            log10_spread=math.sqrt(variance),
        )
        inside = _walk(step.inside, log10_l2 + 2.0 * 0.5 * _log10(scale), variance)
        layers += [own, *reversed(inside), *reversed(_walk(step.beside, log10_l2, variance))]
        log10_l2 += 0.5 * _log10(step.passage.growth)
        variance += _spread(step)
    return layers[::-1]


def _spread(step: _Passed) -> float:
    """Variance of log10 of the norm's factor at finite width: (3 k − 1)/n a layer in ln of its square (Hanin 2018)."""
    if step.info.container or step.info.activation is None:
        return 0.0 if step.info.weight is None or step.info.container else 0.0
    return (3.0 * step.passage.kurtosis - 1.0) / step.info.features * (0.5 / math.log(10.0)) ** 2


def _log10(value: float) -> float:
    return math.log10(value) if value > 0.0 else -math.inf
