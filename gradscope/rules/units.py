"""The units of a layer: dead ones (GS201), saturated ones (GS202), and those that are never negative
(GS306)."""

import math
from collections.abc import Iterable

from gradscope.engine.activations import Activation
from gradscope.engine.outline import LayerInfo, Outline
from gradscope.probe.trace import Trace, TrialTrace
from gradscope.rules.base import Case, Hit, Limits, Rule, Severity, graded
from gradscope.theory.dead import dead_probability, next_correlation

_FLUCTUATION = 0.25
"""Standard deviation of the dead share from the width of the layers before it, in units of √(depth/width);
measured on He networks of 5 to 50 layers, 32 to 512 wide."""


def _rectifies(info: LayerInfo) -> bool:
    return isinstance(info.activation, Activation) and info.activation.rectifies


def _selects(info: LayerInfo) -> bool:
    """Whether it is neither affine nor anything else that is known: a pool that picks entries."""
    return info.weight is None and info.activation is None and not info.container and not info.is_affine


def _chance(expected: float, depth: int, units: int, sigmas: float) -> float:
    """The dead share up to which a sound network of that depth and width shows it by chance."""
    spread = expected * (1.0 - expected) / units + _FLUCTUATION**2 * expected * (depth - 1) / units
    return expected + sigmas * math.sqrt(spread)


def _dead(case: Case, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    outline = case.outline
    gap = trial.input_cosine_gap
    rho = max(0.0, 1.0 - gap) if gap is not None and math.isfinite(gap) else 0.0
    depth = 0
    silenced = False
    for info, layer in zip(case.layers, trial.layers, strict=True):
        # Units behind a weight that starts at zero rest at the kink: GS404 says so, and where.
        silenced = silenced or (info.weight is not None and info.weight.is_zero)
        if _selects(info) and layer.cosine_gap is not None:
            # The largest of several entries is positive in mean: samples come out closer than they went in.
            rho = max(rho, 1.0 - layer.cosine_gap)
        if layer.units is None or silenced:
            continue
        dead = layer.units.dead_fraction
        grades = (Severity.error, "error"), (Severity.warning, "warn"), (Severity.note, "note")
        grade = graded(dead, limits, *grades, above=True)
        if not _rectifies(info):
            if grade:
                yield Hit(info.name, grade[0], dead, grade[1], detail="0%")
            continue
        depth += 1
        if grade:
            samples = outline.batch_size * outline.batch_count * info.positions
            expected = case.chance.get(info.name)
            if expected is None:
                expected = dead_probability(rho, samples)
            if not dead <= _chance(expected, depth, info.features, limits["sigmas"]):
                yield Hit(info.name, grade[0], dead, grade[1], detail=f"{expected:.0%}")
        rho = next_correlation(rho)


def _dead_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"which units of {hit.layer} are dead cannot be told: their outputs are not numbers"
    samples = outline.batch_size * outline.batch_count
    words = "the only sample" if samples == 1 else f"all {samples} samples"
    return (
        f"{hit.measured:.0%} of the units of {hit.layer} are dead, silent on {words}; "
        f"chance leaves {hit.detail} in a sound network of this depth"
    )


def _saturated(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    for info, layer in zip(trace.layers, trial.layers, strict=True):
        if layer.saturated_fraction is None:
            continue
        # The rectifying side of relu6 is flat by design and has columns of its own; only the rest is
        # saturation.
        share = layer.saturated_fraction - (layer.output.zero_fraction if _rectifies(info) else 0.0)
        if not share <= limits["max_fraction"]:
            yield Hit(info.name, Severity.warning, share, limits["max_fraction"])


def _saturated_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"how much of {hit.layer} is saturated cannot be told: its outputs are not numbers"
    return (
        f"{hit.measured:.0%} of the entries of {hit.layer} are saturated: less than 1 % of the "
        "steepest slope is left"
    )


def _never_negative(outline: Outline, limits: Limits) -> Iterable[Hit]:
    last = outline.head.number if outline.head else 0
    for info in outline.layers:
        activation = info.activation
        if not isinstance(activation, Activation) or info.number >= last:
            continue
        low, high = activation.value_range
        if low >= 0.0 and math.isfinite(high) and not activation.rectifies:
            yield Hit(info.name, Severity.note, low, 0.0)
            return


def _never_negative_message(hit: Hit, outline: Outline) -> str:
    kind = next(info.kind for info in outline.layers if info.name == hit.layer)
    return f"the outputs of {kind} are never negative, so all gradients of a unit's weights have one sign"


DEAD = Rule(
    id="GS201",
    name="dead-units",
    verdict="dead",
    limits={"error": 0.9, "warn": 0.5, "note": 0.25, "sigmas": 4.0},
    severities=(Severity.error, Severity.warning, Severity.note),
    summary="Many more units of a layer than chance explains have a zero derivative on every sample.",
    why="A dead unit passes no gradient: on these samples neither it nor what feeds it can learn.",
    measured_as="units with zero derivative on every sample of the trial, over all units; it must pass both "
    "a limit, and by `sigmas` standard deviations what mean-field theory expects of the same layers with a "
    "matching initialiser and no biases on as many samples; where theory does not reach, of ReLU layers",
    remedy="centre and scale the inputs, start biases at zero, use he_normal, or an activation with a slope "
    "on both sides (leaky_relu, elu, gelu)",
    source="Maas, Hannun & Ng 2013, section 2; Lu et al. 2020, theorem 1; Cho & Saul 2009, eq. 6 for chance",
    check=_dead,
    message=_dead_message,
    per_layer=True,
    fires_on="""\
input: 64
init: he_normal
layers:
  - dense: {units: 64, bias_init: {constant: -6}}
  - relu
  - dense: 10
""",
    silent_on="""\
input: 64
init: he_normal
batch: {size: 16}
layers:
  - {repeat: 20, layers: [dense: 64, relu]}
  - dense: 10
""",
)

SATURATED = Rule(
    id="GS202",
    name="saturated-units",
    verdict="saturated",
    limits={"max_fraction": 0.5},
    severities=(Severity.warning,),
    summary="Most entries of a layer lie where its activation is flat.",
    why="A saturated unit passes less than a hundredth of the gradient it could.",
    measured_as="share of entries whose |slope| is below 1 % of the activation's largest",
    remedy="scale the inputs, lower the initialiser's gain, or normalise before the activation",
    source="Glorot & Bengio 2010, section 3.1; LeCun et al. 1998, section 4.4",
    check=_saturated,
    message=_saturated_message,
    per_layer=True,
    fires_on="""\
input: 64
init: {normal: {std: 2}}
layers: [dense: 64, tanh, dense: 10]
""",
    silent_on="""\
input: 64
init: glorot_uniform
layers: [dense: 64, tanh, dense: 10]
""",
)

ONE_SIDED = Rule(
    id="GS306",
    name="not-zero-centred",
    severities=(Severity.note,),
    summary="A hidden activation only gives positive values in a bounded range, as sigmoid does.",
    why="All weights of a unit behind it get gradients of one sign, so updates zigzag.",
    measured_as="range of the activation; ReLU and its kin, whose range is not bounded, are left out",
    remedy="use tanh or another activation with mean zero",
    source="LeCun et al. 1998, section 4.4",
    static=_never_negative,
    message=_never_negative_message,
    fires_on="""\
input: 64
init: glorot_uniform
layers: [dense: 64, sigmoid, dense: 10]
""",
    silent_on=SATURATED.silent_on,
)
