"""The gradient's way through time in recurrent layers: it vanishes (GS108) or explodes (GS109)."""

import math
from collections.abc import Callable, Iterable

from gradscope.engine.outline import Outline
from gradscope.numerals import count, power_of_ten
from gradscope.probe.trace import Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity, log10_limit


def _ratios(trace: Trace, trial: TrialTrace, worst: Callable[..., float]) -> Iterable[tuple[str, float, int]]:
    """Of each recurrent layer: its name, log10 of the state's gradient at the first step over that at the
    last, and the steps between; of two directions the worst."""
    for info, layer in zip(trace.layers, trial.layers, strict=True):
        directions = [norms for norms in layer.time.values() if len(norms) > 1]
        if not directions:
            continue
        ratios = [_log10_ratio(norms[0], norms[-1]) for norms in directions]
        unknown = [ratio for ratio in ratios if math.isnan(ratio)]
        yield info.name, (unknown or [worst(ratios)])[0], len(directions[0]) - 1


def _log10_ratio(first: float, last: float) -> float:
    return -math.inf if first == -math.inf else first - last


def _vanishing(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    for name, ratio, steps in _ratios(trace, trial, min):
        if not ratio >= log10_limit(limits["min_ratio"]):
            yield Hit(name, Severity.warning, ratio, limits["min_ratio"], detail=str(steps))


def _exploding(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    for name, ratio, steps in _ratios(trace, trial, max):
        if not ratio <= log10_limit(limits["max_ratio"]):
            yield Hit(name, Severity.error, ratio, limits["max_ratio"], detail=str(steps))


def _vanishing_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"the gradient of {hit.layer}'s state at its first step is not a number"
    steps = int(hit.detail)
    if hit.measured == -math.inf:
        return f"no gradient at all gets back through the {count(steps, 'step')} of {hit.layer}'s state"
    if hit.measured >= 0.0 or hit.limit >= 1.0:
        return _level_message(hit, steps)
    half = math.log10(2.0) * steps / -hit.measured
    back = math.ceil(-math.log10(hit.limit) * steps / -hit.measured)
    return (
        f"the gradient of {hit.layer}'s state halves every {half:.1f} steps ({power_of_ten(hit.measured)} "
        f"after {steps}): what lies {count(back, 'step')} back is not learnt"
    )


def _level_message(hit: Hit, steps: int) -> str:
    """Where a limit is set so that what hardly changes is beyond it."""
    place, size = f"{count(steps, 'step')} back", power_of_ten(hit.measured)
    return f"{place} the gradient of {hit.layer}'s state is {size} times what it is at the last"


def _exploding_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"the gradient of {hit.layer}'s state at its first step is not a number"
    steps = int(hit.detail)
    if hit.measured <= 0.0:
        return _level_message(hit, steps)
    double = math.log10(2.0) * steps / hit.measured
    return (
        f"the gradient of {hit.layer}'s state doubles every {double:.1f} steps back in time "
        f"({power_of_ten(hit.measured)} after {steps}): one step of training throws it far away"
    )


_MEASURED = (
    "RMS of the gradient of the state (h, and c of an LSTM, together) at the first step a direction takes "
    "over that at its last, given an N(0, 1) gradient of h at the last step alone; of two directions the "
    "worse one"
)

VANISHING = Rule(
    id="GS108",
    name="vanishing-through-time",
    verdict="vanishing",
    limits={"min_ratio": 1e-3},
    severities=(Severity.warning,),
    summary="A recurrent layer's gradient is lost on its way back through time.",
    why="What an early step did to the end cannot be learnt, however long the training: the layer's memory "
    "is as short as its gradient's.",
    measured_as=_MEASURED,
    remedy="give an LSTM `forget_bias: {chrono: T}` with T the steps to remember; use `lstm` or `gru` in the "
    "place of `rnn`, orthogonal recurrent weights with a gain that makes up for the activation's slope, or "
    "attention",
    source="Bengio, Simard & Frasconi 1994, section 3; Hochreiter & Schmidhuber 1997, section 3; Tallec & "
    "Ollivier 2018",
    check=_vanishing,
    message=_vanishing_message,
    per_layer=True,
    logarithmic=True,
    fires_on="""\
input: {length: 100, features: 16}
batch: {size: 8}
layers:
  - lstm: 32
  - last_step
  - dense: 10
""",
    silent_on="""\
input: {length: 100, features: 16}
batch: {size: 8}
layers:
  - lstm: {units: 32, forget_bias: {chrono: 100}}
  - last_step
  - dense: 10
""",
)

EXPLODING = Rule(
    id="GS109",
    name="exploding-through-time",
    verdict="exploding",
    limits={"max_ratio": 1e3},
    severities=(Severity.error,),
    summary="A recurrent layer's gradient grows a thousandfold or more on its way back through time.",
    why="Early steps decide the update of the recurrent weights, which throws them far away; clipping the "
    "norm keeps training alive, and what is learnt short-sighted.",
    measured_as=_MEASURED,
    remedy="lower the gain of `recurrent_init` (orthogonal keeps the norm at gain 1), use `lstm` or `gru`, "
    "or clip the gradient's norm",
    source="Pascanu, Mikolov & Bengio 2013, sections 2 and 3.2",
    check=_exploding,
    message=_exploding_message,
    per_layer=True,
    logarithmic=True,
    fires_on="""\
input: {length: 100, features: 16}
batch: {size: 8}
layers:
  - rnn: {units: 32, activation: linear, recurrent_init: {orthogonal: 1.1}}
  - last_step
  - dense: 10
""",
    silent_on="""\
input: {length: 100, features: 16}
batch: {size: 8}
layers:
  - rnn: {units: 32, activation: linear}
  - last_step
  - dense: 10
""",
)
