"""GS101 and GS102: the gradient vanishes or explodes on its way through the depth."""

import math
from collections.abc import Iterable

from gradscope.numerals import power_of_ten
from gradscope.probe.trace import Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity

_STUDY = (
    "In 409 networks measured at initialisation and then trained, all 124 outside 1e-3 … 1e3 failed under SGD, "
    "and none of the 263 that trained was outside."
)


def _ends(trace: Trace) -> tuple[str, str]:
    points = [info.name for info in trace.layers if info.flow_point]
    return (points[0], points[-1]) if points else ("the input", "the output")


def _vanishing(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    ratio = trial.flow.log10_ratio
    for severity, name in ((Severity.error, "min_ratio"), (Severity.warning, "warn_ratio")):
        if not ratio >= math.log10(limits[name]):
            yield Hit(_ends(trace)[0], severity, ratio, limits[name])
            return


def _exploding(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    ratio = trial.flow.log10_ratio
    for severity, name in ((Severity.error, "max_ratio"), (Severity.warning, "warn_ratio")):
        if not ratio <= math.log10(limits[name]):
            yield Hit(_ends(trace)[0], severity, ratio, limits[name])
            return


def _vanishing_message(hit: Hit, trace: Trace) -> str:
    first, last = _ends(trace)
    if math.isnan(hit.measured):
        return f"the gradient at {first} over that at {last} is not a number"
    fact = f"the gradient at {first} is {power_of_ten(hit.measured)} of that at {last}"
    if hit.measured < -6.0:
        return f"{fact}: neither SGD nor Adam trains this"
    if hit.measured < -3.0:
        return f"{fact}: plain SGD does not train this, Adam may"
    return f"{fact}: SGD may be slow or stall"


def _exploding_message(hit: Hit, trace: Trace) -> str:
    first, last = _ends(trace)
    if math.isnan(hit.measured):
        return f"the gradient at {first} over that at {last} is not a number"
    fact = f"the gradient at {first} is {power_of_ten(hit.measured)} times that at {last}"
    if hit.measured > 3.0:
        return f"{fact}: neither SGD nor Adam trains this, at any rate"
    return f"{fact}: training may diverge"


VANISHING = Rule(
    id="GS101",
    name="vanishing-gradient",
    verdict="vanishing",
    limits={"min_ratio": 1e-3, "warn_ratio": 1e-2},
    adam_limits={"min_ratio": 1e-6, "warn_ratio": 1e-3},
    summary="The gradient that reaches the first layer is a tiny part of that at the last.",
    why="The first layers hardly move while the last ones learn, so the network trains slowly or not at all. "
    + _STUDY,
    remedy="match the initialiser to the activation (ReLU: he_normal, tanh: glorot, SELU: lecun_normal), "
    "replace sigmoid or tanh by a ReLU variant, or add normalisation or residual connections; "
    "Adam helps down to 1e-6, a higher rate does not",
    source="Hochreiter 1991; Bengio, Simard & Frasconi 1994; Glorot & Bengio 2010, section 4.2",
    check=_vanishing,
    message=_vanishing_message,
    logarithmic=True,
    fires_on=(
        "{input: 64, layers: [{repeat: 20, layers: [{dense: 64}, sigmoid]}, {dense: 10}], init: glorot_uniform}",
    ),
    silent_on=(
        "{input: 64, layers: [{repeat: 20, layers: [{dense: 64}, relu]}, {dense: 10}], init: he_normal}",
    ),
)

EXPLODING = Rule(
    id="GS102",
    name="exploding-gradient",
    verdict="exploding",
    limits={"max_ratio": 1e3, "warn_ratio": 1e2},
    adam_limits={"max_ratio": 1e3, "warn_ratio": 1e2},
    summary="The gradient that reaches the first layer is far larger than that at the last.",
    why="One step throws the first layers far away; the loss jumps or becomes NaN. " + _STUDY,
    remedy="lower the initialiser's gain, or match it to the activation; clipping the global norm to 1 saved 5 of 11 "
    "such networks without batch normalisation and none with it, where residual connections did; "
    "a lower rate saved none",
    source="Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013, section 2; Yang et al. 2019",
    check=_exploding,
    message=_exploding_message,
    logarithmic=True,
    fires_on=(
        "{input: 64, layers: [{repeat: 20, layers: [{dense: 64}, relu]}, {dense: 10}], init: {he_normal: {gain: 2}}}",
    ),
    silent_on=(
        "{input: 64, layers: [{repeat: 20, layers: [{dense: 64}, relu]}, {dense: 10}], init: he_normal}",
    ),
)
