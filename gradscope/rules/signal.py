"""The forward signal: it fades (GS103), grows (GS104), loses its directions (GS204), or comes in unscaled
(GS305)."""

import math
from collections.abc import Iterable

from gradscope.engine.outline import Outline
from gradscope.numerals import power_of_ten
from gradscope.probe.trace import Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity, graded, log10_limit


def _forward_ratio(trace: Trace, trial: TrialTrace) -> tuple[str, float] | None:
    """Name of the last hidden flow point, and log10 of its output's RMS over that of the first one."""
    hidden = {info.name for info in trace.outline.hidden_flow_points}
    outputs = [
        (info.name, layer.output.rms)
        for info, layer in zip(trace.layers, trial.layers, strict=True)
        if info.name in hidden
    ]
    if len(outputs) < 2:
        return None
    (_, first), (name, last) = outputs[0], outputs[-1]
    # Where the first one is silent there is no signal to fade or to grow.
    return None if first == 0.0 else (name, _log10(last) - _log10(first))


def _log10(value: float) -> float:
    return math.log10(value) if value > 0.0 else (-math.inf if value == 0.0 else math.nan)


def _fading(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    found = _forward_ratio(trace, trial)
    if found and not found[1] >= -log10_limit(limits["max_factor"]):
        least = 1.0 / limits["max_factor"] if limits["max_factor"] > 0.0 else math.inf
        yield Hit(found[0], Severity.warning, found[1], least)


def _growing(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    found = _forward_ratio(trace, trial)
    if found and not found[1] <= log10_limit(limits["max_factor"]):
        yield Hit(found[0], Severity.warning, found[1], limits["max_factor"])


def _signal_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"the RMS of the signal at {hit.layer} is not a number"
    return (
        f"the signal at {hit.layer} has {power_of_ten(hit.measured)} times the RMS it had behind "
        "the first layer"
    )


def _collapsed(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    last = trace.outline.head.number if trace.outline.head else 0
    for info, layer in zip(trace.layers, trial.layers, strict=True):
        if layer.cosine_gap is None or info.number >= last:
            continue
        grades = (Severity.warning, "warn"), (Severity.note, "note")
        if grade := graded(layer.cosine_gap, limits, *grades, above=False):
            yield Hit(info.name, grade[0], layer.cosine_gap, grade[1])
            return


def _collapsed_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"at {hit.layer} no two samples have a direction: all but one are zero or not finite"
    return (
        f"at {hit.layer} all samples point in nearly the same direction (1 − mean cosine "
        f"{hit.measured:.1e}): what is behind it can hardly tell them apart"
    )


def _unscaled(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    if trace.outline.inputs.is_tokens or trace.outline.inputs.is_sparse:
        return
    rms = trial.inputs.rms
    if not limits["min_rms"] <= rms <= limits["max_rms"]:
        yield Hit("input", Severity.warning, rms, limits["min_rms" if rms < 1.0 else "max_rms"])


def _unscaled_message(hit: Hit, outline: Outline) -> str:
    return f"the input's RMS is {hit.measured:.3g}: initialisers assume about 1"


_SIGNAL = "RMS of the outputs at the last hidden flow point over that at the first"

FADING = Rule(
    id="GS103",
    name="vanishing-signal",
    limits={"max_factor": 1e3},
    severities=(Severity.warning,),
    summary="Activations shrink a thousandfold or more on their way forward.",
    why="The last layers see next to nothing, and every weight gradient carries the same small factor.",
    measured_as=_SIGNAL,
    remedy="raise the initialiser's gain to suit the activation, or add normalisation",
    source="He et al. 2015, section 2.2",
    check=_fading,
    message=_signal_message,
    logarithmic=True,
    fires_on="""\
input: 64
init: {variance: 0.5}
layers:
  - {repeat: 20, layers: [dense: 64, relu]}
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

GROWING = Rule(
    id="GS104",
    name="exploding-signal",
    limits={"max_factor": 1e3},
    severities=(Severity.warning,),
    summary="Activations grow a thousandfold or more on their way forward.",
    why="Outputs and loss are huge at the first step, and half precision overflows.",
    measured_as=_SIGNAL,
    remedy="lower the initialiser's gain to suit the activation, scale residual branches, or add "
    "normalisation",
    source="He et al. 2015, section 2.2",
    check=_growing,
    message=_signal_message,
    logarithmic=True,
    fires_on="""\
input: 64
init: {variance: 8}
layers:
  - {repeat: 20, layers: [dense: 64, relu]}
  - dense: 10
""",
    silent_on=FADING.silent_on,
)

COLLAPSED = Rule(
    id="GS204",
    name="collapsed-representation",
    limits={"warn": 1e-4, "note": 1e-3},
    severities=(Severity.warning, Severity.note),
    summary="Samples leave a hidden layer in nearly the same direction.",
    why="Of 116 networks with 1 − mean cosine below 1e-4 at the last hidden layer, 111 failed to train "
    "under SGD.",
    measured_as="1 − mean cosine between two samples' outputs, from differences of directions in float64; "
    "named is the first hidden layer below the limit",
    remedy="initialise nearer to the edge of chaos, use smaller biases, normalisation or residual "
    "connections",
    source="Poole et al. 2016, section 3; Schoenholz et al. 2017, section 3",
    check=_collapsed,
    message=_collapsed_message,
    fires_on="""\
input: 64
init: glorot_uniform
layers:
  - {repeat: 10, layers: [dense: 64, sigmoid]}
  - dense: 10
""",
    silent_on=FADING.silent_on,
)

UNSCALED = Rule(
    id="GS305",
    name="unscaled-input",
    limits={"min_rms": 0.1, "max_rms": 10.0},
    severities=(Severity.warning,),
    summary="The input is far larger or smaller than initialisers assume.",
    why="Sigmoid-like units saturate on large inputs, and the first layer's gradient carries the input's "
    "size.",
    measured_as="RMS of the input batch; one-hot inputs and tokens are left out",
    remedy="standardise the input: subtract its mean and divide by its standard deviation",
    source="LeCun et al. 1998, section 4.3",
    check=_unscaled,
    message=_unscaled_message,
    fires_on="""\
input: 64
batch: {inputs: {uniform: {low: 0, high: 255}}}
init: he_normal
layers: [dense: 64, relu, dense: 10]
""",
    silent_on="""\
input: 64
init: he_normal
layers: [dense: 64, relu, dense: 10]
""",
)
