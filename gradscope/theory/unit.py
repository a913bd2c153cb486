"""What a network repeats, and what that does to gradients in the limit of depth: χ₁, depth scale, phase."""

import math
from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

from gradscope.engine.activations import Activation
from gradscope.engine.outline import LayerInfo, Outline
from gradscope.theory.backward import Alignment, way_back
from gradscope.theory.forward import Forward, Passed
from gradscope.theory.level import Level, UnreachableError
from gradscope.theory.mean_field import chi_1, correlation_fixed_point, fixed_point

Phase: TypeAlias = Literal["ordered", "critical", "chaotic"]

CRITICAL = 1e-3
"""Networks with |χ₁ − 1| below this are called critical."""

DECADES = 3.0
"""Beyond 10^±3 between first and last layer no network was seen to train with plain SGD."""

_STEPS = 300
_SETTLED = 1e-10
_LONGEST = 8
"""Flow points a repeated unit has at most."""


class Unit(Struct, frozen=True):
    """The repeated part of a network at its fixed point."""

    chi_1: float
    """Factor on the squared gradient a flow point, towards the input."""
    variance: float
    """Second moment at the first flow point's output where it has settled, or the last one on its way."""
    correlation: float
    """Of two samples where it has settled: 1 in the ordered phase, below in the chaotic one."""
    sigma_w2: float | None = None
    """Of a plain layer with an activation, together with `sigma_b2`."""
    sigma_b2: float | None = None

    @property
    def depth_scale(self) -> float:
        """1/|ln χ₁|: layers over which the squared gradient changes by a factor e."""
        return depth_scale(self.chi_1)

    @property
    def phase(self) -> Phase:
        """Whether gradients fade, last or grow."""
        return phase(self.chi_1)

    @property
    def survives(self) -> float:
        """Layers after which the gradient's norm has changed by `DECADES` powers of ten."""
        return 2.0 * DECADES * math.log(10.0) * self.depth_scale


class PlainLaws(NamedTuple):
    """Of an affine layer and the activation behind it."""

    activation: Activation
    sigma_w2: float
    sigma_b2: float


def depth_scale(chi: float) -> float:
    """1/|ln χ₁|; infinite where χ₁ is 1, 0 where it is 0."""
    if chi <= 0.0:
        return 0.0
    return 1.0 / abs(math.log(chi)) if chi != 1.0 else math.inf


def phase(chi: float) -> Phase:
    """Ordered below 1, chaotic above."""
    if abs(chi - 1.0) < CRITICAL:
        return "critical"
    return "ordered" if chi < 1.0 else "chaotic"


def repeated_unit(forward: Forward, passed: Sequence[Passed]) -> Unit | None:
    """The part that most of the trunk consists of, from one flow point to before another, at its fixed
    point."""
    infos = _longest_repeat(_segments([step.info for step in passed]))
    if not infos:
        return None
    if plain := _plain(infos):
        return _plain_unit(*plain)
    try:
        return _general_unit(forward, infos, _level_before(passed, infos[0]))
    except UnreachableError:
        return None


def plain_laws(outline: Outline) -> PlainLaws | None:
    """What a network repeats, where that is an affine layer and an activation with zero-mean parameters."""
    return _plain(_longest_repeat(_segments(outline.trunk)))


def _segments(trunk: Sequence[LayerInfo]) -> list[list[LayerInfo]]:
    """The trunk cut in front of every flow point; what stands before the first belongs to none."""
    segments: list[list[LayerInfo]] = []
    for info in trunk:
        if info.flow_point:
            segments.append([])
        if segments:
            segments[-1].append(info)
    return segments


def _longest_repeat(segments: Sequence[Sequence[LayerInfo]]) -> list[LayerInfo]:
    """One copy, the last whole one; a network that repeats nothing counts as repeating its last hidden
    layer."""
    keys = [tuple(_key(info) for info in segment) for segment in segments]
    best, end, period = 0, len(segments) - 1, 1
    for lag in range(1, min(_LONGEST, len(keys) // 2) + 1):
        run = 0
        for number in range(lag, len(keys)):
            run = run + 1 if keys[number] == keys[number - lag] else 0
            if run >= lag and run + lag > best + (period if best else 0):
                best, end, period = run, number + 1, lag
    return [info for segment in segments[max(0, end - period) : end] for info in segment]


def _key(info: LayerInfo) -> Hashable:
    """What must be the same for two layers to act alike; widths need not."""
    law, bias = info.weight, info.bias
    return (
        info.kind,
        law and (law.mean, float(f"{law.variance * law.fans.fan_in:.9g}")),
        bias and (bias.mean, float(f"{bias.variance:.9g}")),
        info.activation,
        info.normalizes,
        info.eps,
        info.rate,
        info.scale,
    )


def _plain(infos: Sequence[LayerInfo]) -> PlainLaws | None:
    if len(infos) != 2 or infos[0].weight is None or not infos[0].is_affine or infos[0].looks_up:
        return None
    affine, activation = infos[0], infos[1].activation
    law, bias = affine.weight, affine.bias
    if not isinstance(activation, Activation) or law is None or law.mean or (bias and bias.mean):
        return None
    return PlainLaws(activation, law.variance * law.fans.fan_in, bias.variance if bias else 0.0)


def _plain_unit(activation: Activation, sigma_w2: float, sigma_b2: float) -> Unit:
    q = fixed_point(activation, sigma_w2, sigma_b2)
    chi = chi_1(activation, sigma_w2, q)
    # At the edge itself the correlation creeps towards 1 as a power of depth.
    is_critical = phase(chi) == "critical"
    c = 1.0 if is_critical else correlation_fixed_point(activation, sigma_w2, sigma_b2, q)
    return Unit(chi, q, c, sigma_w2, sigma_b2)


def _level_before(passed: Sequence[Passed], first: LayerInfo) -> Level:
    level = Level(0.0, 1.0, 0.0)
    for step in passed:
        if step.info.name == first.name:
            break
        level = step.passage.level
    return level


def _general_unit(forward: Forward, infos: Sequence[LayerInfo], level: Level) -> Unit:
    """Copies in a row until their growth has settled; moments that run away are followed for `_STEPS` copies.

    Raises:
        UnreachableError: the moments leave what theory reaches.
    """
    points = sum(info.flow_point for info in infos)
    growth, alignment = math.nan, Alignment()
    settled = 0
    for _ in range(_STEPS):
        passed, behind = forward.along(infos, level)
        way = way_back(passed, forward.rows, alignment)
        same = way.log10 == growth or abs(way.log10 - growth) <= _SETTLED
        settled = settled + 1 if same else 0
        growth, alignment, level = way.log10, way.alignment, behind
        if settled >= 3:
            break
    first = passed[0].passage.level
    return Unit(10.0 ** (2.0 * growth / points), first.second, min(first.correlation, 1.0))
