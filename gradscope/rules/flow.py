"""The gradient's way through the depth: it vanishes (GS101), explodes (GS102), leans (GS107) or will be slow
(GS110)."""

import math
from collections.abc import Iterable

from gradscope.engine.outline import LayerInfo, Outline
from gradscope.numerals import count, factor, power_of_ten
from gradscope.probe.trace import Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity, graded, log10_limit

_STUDY = (
    "Of 409 networks measured at initialisation and then trained, all 124 outside 1e-3 … 1e3 failed under "
    "SGD; none of the 263 that trained was outside."
)
_RATIO = "L2 norm of ∂L/∂y at the first flow point over that at the last, as a geometric mean over trials"
_NOT_A_NUMBER = "is not a number"


def _ends(outline: Outline) -> tuple[str, str]:
    points = outline.flow_points
    return (points[0].name, points[-1].name) if points else ("the input", "the output")


def _logs(limits: Limits) -> Limits:
    return {name: log10_limit(limit) for name, limit in limits.items()}


def _stopped_on_purpose(outline: Outline, trial: TrialTrace) -> bool:
    """Nothing arrives because a weight was set to zero: GS404 says so, and where."""
    return trial.flow.log10_ratio == -math.inf and any(info.starts_at_zero for info in outline.layers)


def _vanishing(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    if _stopped_on_purpose(trace.outline, trial):
        return
    ratio = trial.flow.log10_ratio
    grades = (Severity.error, "min_ratio"), (Severity.warning, "warn_ratio")
    if grade := graded(ratio, _logs(limits), *grades, above=False):
        severity = grade[0]
        yield Hit(_ends(trace.outline)[0], severity, ratio, limits[dict(grades)[severity]])


def _exploding(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    ratio = trial.flow.log10_ratio
    grades = (Severity.error, "max_ratio"), (Severity.warning, "warn_ratio")
    if grade := graded(ratio, _logs(limits), *grades, above=True):
        severity = grade[0]
        yield Hit(_ends(trace.outline)[0], severity, ratio, limits[dict(grades)[severity]])


def _vanishing_message(hit: Hit, outline: Outline) -> str:
    first, last = _ends(outline)
    if math.isnan(hit.measured):
        return f"the gradient at {first} over that at {last} {_NOT_A_NUMBER}"
    if hit.measured == -math.inf:
        return f"no gradient at all arrives at {first}"
    fact = f"the gradient at {first} is {power_of_ten(hit.measured)} of that at {last}"
    if hit.measured < -6.0:
        return f"{fact}: neither SGD nor Adam trains this"
    if hit.measured < -3.0:
        return f"{fact}: plain SGD does not train this, Adam may"
    if hit.measured <= -2.0:
        return f"{fact}: near the limit below which SGD fails"
    return f"{fact}: {_past(hit)}"


def _exploding_message(hit: Hit, outline: Outline) -> str:
    first, last = _ends(outline)
    if math.isnan(hit.measured):
        return f"the gradient at {first} over that at {last} {_NOT_A_NUMBER}"
    fact = f"the gradient at {first} is {power_of_ten(hit.measured)} times that at {last}"
    if hit.measured > 3.0:
        return f"{fact}: neither SGD nor Adam trains this"
    if hit.measured >= 2.0:
        return f"{fact}: near the limit above which SGD and Adam fail"
    return f"{fact}: {_past(hit)}"


def _past(hit: Hit) -> str:
    """Of a ratio at which networks train as a rule, so that only a limit of the config objects to it."""
    return f"past the limit of {hit.limit:g} that the config sets"


def _steep(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    flow = trial.flow
    if (
        len(trace.outline.flow_points) < limits["min_points"]
        or flow.gain_per_layer is None
        or flow.r2 is None
    ):
        return
    if not flow.r2 > limits["min_r2"] or limits["min_gain"] <= flow.gain_per_layer <= limits["max_gain"]:
        return
    gain = flow.gain_per_layer
    yield Hit(_ends(trace.outline)[0], Severity.note, gain, limits["min_gain" if gain < 1.0 else "max_gain"])


def _steep_message(hit: Hit, outline: Outline) -> str:
    if hit.measured == 1.0:
        return "the gradient stays as it is, ×1.00 a layer"
    bound = 1e-3 if hit.measured < 1.0 else 1e3
    steps = math.ceil(math.log(bound) / math.log(hit.measured)) if hit.measured > 0.0 else 1
    word = "shrinks" if hit.measured < 1.0 else "grows"
    change = f"the gradient {word} steadily, ×{factor(hit.measured)} a layer"
    return f"{change}: {bound:g} is passed after {count(steps, 'layer')}"


def _is_open(info: LayerInfo) -> bool:
    return info.container or info.normalizes is not None or not (info.is_affine or info.looks_up)


def _narrow(outline: Outline, limits: Limits) -> Iterable[Hit]:
    hidden = [info for info in outline.hidden_flow_points if info.weight is not None]
    if len(hidden) < 2 or any(_is_open(info) for info in outline.layers):
        return
    depth_over_width = sum(1.0 / _width(info) for info in hidden)
    if depth_over_width > limits["max_depth_over_width"]:
        yield Hit(hidden[0].name, Severity.note, depth_over_width, limits["max_depth_over_width"])


def _width(info: LayerInfo) -> float:
    """Units, or the channels of a convolution times the root of its kernel's positions.

    In 30 to 60 draws of He-initialised ReLU networks of 20 and 40 circular convolutions, 8 to 32 channels
    wide, the log of the squared gradient varied a quarter as much with 3 × 3 and 5 × 5 kernels as with 1 × 1,
    where it does as in dense layers.
    """
    positions = info.weight.fans.positions if info.weight else 1
    return info.features * math.sqrt(positions)


def _narrow_message(hit: Hit, outline: Outline) -> str:
    depth = len(outline.hidden_flow_points)
    return (
        f"{depth} hidden layers are deep for their width (Σ 1/width = {hit.measured:.2f}) without skips or "
        "normalisation: even at a level gradient such networks train slowly"
    )


VANISHING = Rule(
    id="GS101",
    name="vanishing-gradient",
    verdict="vanishing",
    limits={"min_ratio": 1e-3, "warn_ratio": 1e-2},
    adam_limits={"min_ratio": 1e-6, "warn_ratio": 1e-3},
    severities=(Severity.error, Severity.warning),
    summary="The gradient that reaches the first layer is a tiny part of that at the last.",
    why=f"The first layers hardly move while the last ones learn: slow training or none. {_STUDY}",
    measured_as=_RATIO,
    remedy="match the initialiser to the activation (ReLU: he_normal, SELU: lecun_normal, tanh: glorot), "
    "replace sigmoid, or add normalisation or residual connections; Adam helps down to 1e-6, a higher rate "
    "does not",
    source="Hochreiter 1991; Bengio, Simard & Frasconi 1994, section 3; Glorot & Bengio 2010, section 4.2",
    check=_vanishing,
    message=_vanishing_message,
    logarithmic=True,
    fires_on="""\
input: 64
init: glorot_uniform
layers:
  - {repeat: 20, layers: [dense: 64, sigmoid]}
  - dense: 10
""",
    silent_on="""\
input: 64
init: he_normal
layers:
  - {repeat: 20, layers: [dense: 64, relu]}
  - dense: 10
""",
)

EXPLODING = Rule(
    id="GS102",
    name="exploding-gradient",
    verdict="exploding",
    limits={"max_ratio": 1e3, "warn_ratio": 1e2},
    adam_limits={"max_ratio": 1e3, "warn_ratio": 1e2},
    severities=(Severity.error, Severity.warning),
    summary="The gradient that reaches the first layer is far larger than that at the last.",
    why=f"One step throws the first layers far away: the loss jumps or becomes NaN. {_STUDY}",
    measured_as=_RATIO,
    remedy="lower the initialiser's gain or match it to the activation; with batch normalisation add "
    "residual connections. Clipping the global norm to 1 saved 5 of 11 such networks without batch "
    "normalisation, none with it; a lower rate saved none",
    source="Bengio, Simard & Frasconi 1994, section 3; Pascanu, Mikolov & Bengio 2013, section 2; Yang "
    "et al. 2019",
    check=_exploding,
    message=_exploding_message,
    logarithmic=True,
    fires_on="""\
input: 64
init: {he_normal: {gain: 2}}
layers:
  - {repeat: 20, layers: [dense: 64, relu]}
  - dense: 10
""",
    silent_on=VANISHING.silent_on,
)

STEEP = Rule(
    id="GS107",
    name="steep-trend",
    limits={"min_gain": 0.5, "max_gain": 2.0, "min_r2": 0.9, "min_points": 5},
    severities=(Severity.note,),
    summary="The gradient changes by a steady factor a layer, far from 1.",
    why="At this depth it may do, a few layers more and it does not: what counts is the factor to the "
    "power of the depth.",
    measured_as="least-squares line through log L2 of ∂L/∂y over the flow points: its slope and r²",
    remedy="match the initialiser's gain to the activation, so that the factor is near 1",
    source="Schoenholz et al. 2017, section 4 (depth scales)",
    check=_steep,
    message=_steep_message,
    fires_on="""\
input: 64
init: glorot_uniform
layers:
  - {repeat: 6, layers: [dense: 64, sigmoid]}
  - dense: 10
""",
    silent_on=VANISHING.silent_on,
)

NARROW = Rule(
    id="GS110",
    name="deep-for-its-width",
    limits={"max_depth_over_width": 1.0},
    severities=(Severity.note,),
    summary="The network is deep for its width and has neither skips nor normalisation.",
    why="The gradient's norm fluctuates like exp(depth/width) between draws: level at best, it trains "
    "slowly.",
    measured_as="Σ 1/width over the hidden layers of the trunk; the width of a convolution is its channels "
    "times the root of its kernel's positions",
    remedy="widen it, make it shallower, or add residual connections or normalisation",
    source="Hanin 2018, theorem 1",
    static=_narrow,
    message=_narrow_message,
    fires_on="""\
input: 16
init: he_normal
layers:
  - {repeat: 40, layers: [dense: 16, relu]}
  - dense: 10
""",
    silent_on=VANISHING.silent_on,
)
