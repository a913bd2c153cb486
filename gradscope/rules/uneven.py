"""Layers that stand out from the others: a jump of the gradient (GS105), updates of very different size
(GS106)."""

import itertools
import math
from collections.abc import Iterable

from gradscope.engine.outline import Outline
from gradscope.numerals import power_of_ten
from gradscope.probe.trace import Measured, Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity, log10_limit


def _jump(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    points = [
        (info.name, layer.output_grad.log10_l2)
        for info, layer in zip(trace.layers, trial.layers, strict=True)
        if info.flow_point and math.isfinite(layer.output_grad.log10_l2)
    ]
    # Going towards the input, the step from a layer's output gradient to the one before it is that layer's
    # doing.
    steps = [(later[0], earlier[1] - later[1]) for earlier, later in itertools.pairwise(points)]
    if len(steps) < max(limits["min_steps"], 1):
        return
    most, sizes = log10_limit(limits["max_step"]), [step for _, step in steps]
    if max(sizes) - min(sizes) <= most:  # the trend lies among them
        return
    from statistics import median  # takes 3 ms to import, which a level flow need not wait for

    trend = median(sizes)
    name, step = max(steps, key=lambda found: abs(found[1] - trend))
    if abs(step - trend) > most:
        yield Hit(name, Severity.note, step - trend, limits["max_step"])


def _jump_message(hit: Hit, outline: Outline) -> str:
    size = f"{power_of_ten(abs(hit.measured))} times {'smaller' if hit.measured < 0.0 else 'larger'}"
    return (
        f"across {hit.layer} the gradient becomes {size} than the other layers' trend explains: it "
        "begins here"
    )


def _log10_update_ratio(layer: Measured) -> float | None:
    if layer.weight_log10_rms is None or layer.weight_log10_rms == -math.inf:
        return None
    ratio = layer.gradients["weight"].log10_rms - layer.weight_log10_rms
    return None if ratio == -math.inf else ratio


def _uneven(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    ratios = [
        (ratio, info.name)
        for info, layer in zip(trace.layers, trial.layers, strict=True)
        if not info.looks_up and (ratio := _log10_update_ratio(layer)) is not None
    ]
    if len(ratios) < 2:
        return
    # A NaN is neither the least nor the largest of them: it is taken first, so that it fires.
    slow_first = sorted(ratios, key=lambda found: (not math.isnan(found[0]), found[0]))
    (least, slow), (largest, fast) = slow_first[0], slow_first[-1]
    spread = largest - least
    if not spread <= log10_limit(limits["max_spread"]):
        yield Hit(slow, Severity.warning, spread, limits["max_spread"], detail=fast)


def _uneven_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"the weight gradient at {hit.layer} over its weights is not a number"
    return (
        f"relative to its weights {hit.detail} moves {power_of_ten(hit.measured)} times as fast as "
        f"{hit.layer}: no single learning rate suits both"
    )


JUMP = Rule(
    id="GS105",
    name="gradient-jump",
    limits={"max_step": 10.0, "min_steps": 3},
    severities=(Severity.note,),
    summary="Across one layer the gradient changes far more than across the others.",
    why="It shows where a fault begins: one layer with another initialiser, scale or activation.",
    measured_as="step of log10 L2 of ∂L/∂y between neighbouring flow points, less the median step",
    remedy="compare this layer's initialiser and options with those of its neighbours",
    source="Glorot & Bengio 2010, section 4.2.1 (layer-wise gradient ratios at initialisation)",
    check=_jump,
    message=_jump_message,
    logarithmic=True,
    fires_on="""\
input: 64
init: he_normal
layers:
  - {repeat: 5, layers: [dense: 64, relu]}
  - dense: {units: 64, init: {he_normal: {gain: 1.0e-4}}}
  - relu
  - {repeat: 5, layers: [dense: 64, relu]}
  - dense: 10
""",
    silent_on="""\
input: 64
init: he_normal
layers:
  - {repeat: 10, layers: [dense: 64, relu]}
  - dense: 10
""",
)

UNEVEN = Rule(
    id="GS106",
    name="uneven-updates",
    limits={"max_spread": 1e3},
    severities=(Severity.warning,),
    summary="Some weights move a thousand times faster than others, relative to their size.",
    why="One learning rate for all then leaves some layers still or throws others away.",
    measured_as="RMS(∂L/∂W)/RMS(W) of each weighted layer, the largest over the least",
    remedy="level the initialisation; an optimiser that scales each layer by itself (Adam, LARS) hides "
    "the difference",
    source="You, Gitman & Ginsburg 2017, section 4 (ratio of weight norm to gradient norm)",
    check=_uneven,
    message=_uneven_message,
    logarithmic=True,
    fires_on="""\
input: 64
init: glorot_uniform
layers:
  - {repeat: 12, layers: [dense: 64, sigmoid]}
  - dense: 10
""",
    silent_on=JUMP.silent_on,
)
