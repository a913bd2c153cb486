"""The measurement beside theory (GS113): a gradient that leaves what a network of this width was to show."""

import math
from collections.abc import Iterable

from gradscope.engine.outline import Outline
from gradscope.numerals import plural, power10, power_of_ten
from gradscope.probe.trace import TrialTrace
from gradscope.rules.base import Case, Hit, Limits, Rule, Severity
from gradscope.theory.beside import beside

_NARROW = 0.25
"""Decades by which gradient or signal of single draws differ where laws of wide networks hold no longer: of
210 networks 2 to 64 wide and 3 to 30 layers deep, none left its prediction by three standard deviations
with less than that."""


_UNEVEN = 0.5
"""Variance of the samples' mean squares, over the square of their mean, beyond which no typical sample stands
for all."""


def _unlike(case: Case, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    norms = [layer.output_grad.log10_l2 for layer in trial.layers]
    expected = beside(case.prediction, case.layers, norms)
    found = []
    for info, norm in zip(case.layers, norms, strict=True):
        theory = expected.get(info.name)
        if info.flow_point and theory is not None and theory.deviation is not None:
            found.append((info.name, theory.deviation, norm - theory.log10_l2))
    off = [each for each in found if not abs(each[1]) <= limits["sigmas"]]
    if not off:
        return
    # Towards the input, the last of them is where the gradient leaves theory first.
    name, worst = off[-1][0], max(off, key=lambda each: abs(each[1]))
    size = f"{_factor(abs(worst[2]))} times {'smaller' if worst[2] < 0.0 else 'larger'}"
    yield Hit(name, Severity.note, abs(worst[1]), limits["sigmas"], detail=f"{size}|{_likelier(case)}")


def _factor(log10: float) -> str:
    if log10 >= 2.0:
        return power_of_ten(log10)
    factor = power10(log10)
    return f"{factor:.2g}" if factor >= 1.1 else f"{factor:.3g}"


def _likelier(case: Case) -> str:
    prediction = case.prediction
    uneven = case.inputs.deviation.spread.one if case.inputs else 0.0
    if uneven > _UNEVEN:
        return (
            "likelier a mistake than few units: the samples of the data differ in size, their mean squares "
            f"by {math.sqrt(uneven):.0%} of the mean"
        )
    spread = max(layer.log10_spread for layer in prediction.layers)
    signal = max(layer.log10_signal_spread for layer in prediction.layers)
    if spread > _NARROW:
        return _FINITE.format(_factor(spread), "gradients")
    if signal > _NARROW:
        return _FINITE.format(_factor(signal), "signals")
    factor = _factor(spread)
    differ = "hardly differ" if factor == "1" else f"differ by a factor of {factor} only"
    return (
        f"single draws of this width {differ}, so a mistake in the config is likelier: inputs or units that "
        "are alike or nearly all zero, a layer of far fewer units"
    )


_FINITE = "likelier an effect of few units than a mistake: the {1} of single draws differ by a factor of {0}"


def _unlike_message(hit: Hit, outline: Outline) -> str:
    size, _, cause = hit.detail.partition("|")
    deviations = plural(round(hit.measured, 0), "deviation")
    return (
        f"from {hit.layer} towards the input the gradient leaves theory: up to {size} than predicted, "
        f"{hit.measured:.0f} standard {deviations}; {cause}"
    )


UNLIKE = Rule(
    id="GS113",
    name="unlike-theory",
    limits={"sigmas": 3.0},
    severities=(Severity.note,),
    summary="The measured gradient is not what mean-field theory predicts for a network of this width.",
    why="Theory knows layers, initialisers and inputs from the config alone. What it misses is either an "
    "effect of few units, which other draws will not share, or something the config does not mean to do.",
    measured_as="log10 L2 of ∂L/∂y at each flow point relative to the last one, less its predicted mean over "
    "networks of this width, in predicted standard deviations over such networks",
    remedy="look at the layer it names and the inputs; where only few units take part, widen the network or "
    "trust more trials rather than one",
    source="Poole et al. 2016; Schoenholz et al. 2017, section 3; Hanin & Rolnick 2018 for the spread",
    check=_unlike,
    message=_unlike_message,
    fires_on="""\
input: 64
init: he_normal
layers:
  - dense: {units: 64, bias_init: {constant: -4}}
  - relu
  - dense: 64
  - relu
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
