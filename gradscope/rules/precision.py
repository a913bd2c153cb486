"""What number formats can hold: NaN and infinity (GS401), gradients too small for fp16 (GS402)."""

import math
from collections.abc import Iterable

from gradscope.engine.outline import Outline
from gradscope.probe.course import Course
from gradscope.probe.trace import BACK_THROUGH, Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity


def _non_finite(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    if trial.origin is not None:
        yield Hit(trial.origin, Severity.error, math.nan, math.nan)


def _non_finite_later(outline: Outline, course: Course, limits: Limits) -> Iterable[Hit]:
    if course.failed_at is not None:
        detail = f"at step {course.failed_at} "
        yield Hit(course.stages[-1].trace.origin, Severity.error, math.nan, math.nan, detail=detail)


def _non_finite_message(hit: Hit, outline: Outline) -> str:
    return hit.detail + _origin_words(hit.layer or "the network", outline)


def _origin_words(origin: str, outline: Outline) -> str:
    if origin == "input":
        return "the input batch holds a NaN or an infinity"
    if origin == "loss":
        return "the loss or its gradient is NaN or infinite while every layer's output is finite"
    if origin.startswith(BACK_THROUGH):
        return f"the way back through {origin.removeprefix(BACK_THROUGH)} gives a NaN or an infinity"
    names = [info.name for info in outline.layers]
    number = f", layer {names.index(origin) + 1} of {len(names)}" if origin in names else ""
    return f"a NaN or an infinity first appears in the output of {origin}{number}"


def _underflow(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    ranges = [
        (layer.range.fp16_underflow_fraction, info.name, layer.range.loss_scale_log2)
        for info, layer in zip(trace.layers, trial.layers, strict=True)
        if layer.range is not None
    ]
    if not ranges:
        return
    fraction, name, _ = max(ranges, key=lambda found: (math.isnan(found[0]), found[0]))
    if not fraction <= limits["max_fraction"]:
        scales = [scale for _, _, scale in ranges]
        known = [scale for scale in scales if scale is not None]
        wanted = f"a loss scale of 2^{max(known)} would save them" if len(known) == len(scales) else ""
        yield Hit(
            name,
            Severity.note,
            fraction,
            limits["max_fraction"],
            detail=wanted or "no loss scale saves all layers",
        )


def _underflow_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"the gradient at {hit.layer} is not a number, in fp16 too"
    return f"in fp16 {hit.measured:.0%} of the gradient at {hit.layer} would be zero; {hit.detail}"


NON_FINITE = Rule(
    id="GS401",
    name="non-finite",
    verdict="non_finite",
    severities=(Severity.error,),
    summary="A NaN or an infinity appears in the forward or backward pass.",
    why="Every number computed from it is wrong, and training would end at its first step: no "
    "option, setting or comment leaves this rule out.",
    measured_as="every output and gradient; named is the first layer that produced one, forward before "
    "backward",
    remedy="scale the weights or the input down where it begins; check a data file for missing values",
    source="IEEE 754-2019, section 7 (invalid operation and overflow)",
    check=_non_finite,
    training=_non_finite_later,
    message=_non_finite_message,
    always=True,
    fires_on="""\
input: 64
init: {variance: 100}
layers:
  - {repeat: 60, layers: [dense: 64]}
loss: random_cotangent
""",
    silent_on="""\
input: 64
init: he_normal
layers: [dense: 64, relu, dense: 10]
""",
)

UNDERFLOW = Rule(
    id="GS402",
    name="half-precision-underflow",
    limits={"max_fraction": 0.5},
    severities=(Severity.note,),
    summary="In fp16 most of a layer's gradient would be rounded to zero.",
    why="Mixed-precision training loses it without a loss scale; bf16 has the range of float32.",
    measured_as="share of the non-zero entries of ∂L/∂y with |g| ≤ 2^-25; named is the layer that loses most",
    remedy="train in bf16, or with the loss scale where one is named (dynamic scaling finds it)",
    source="Micikevicius et al. 2018, section 3.2",
    check=_underflow,
    message=_underflow_message,
    fires_on="""\
input: 64
init: glorot_uniform
layers:
  - {repeat: 14, layers: [dense: 64, sigmoid]}
  - dense: 10
""",
    silent_on=NON_FINITE.silent_on,
)
