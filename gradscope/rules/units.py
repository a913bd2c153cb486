"""GS201: units that never respond."""

from collections.abc import Iterable

from gradscope.probe.trace import Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity

_GRADES = ((Severity.error, "error"), (Severity.warning, "warn"), (Severity.note, "note"))


def _dead(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    for info, layer in zip(trace.layers, trial.layers, strict=True):
        if layer.units is None:
            continue
        for severity, name in _GRADES:
            if not layer.units.dead_fraction <= limits[name]:
                yield Hit(info.name, severity, layer.units.dead_fraction, limits[name])
                break


def _message(hit: Hit, trace: Trace) -> str:
    return f"{hit.measured:.0%} of the units of {hit.layer} are dead: zero derivative on every sample of the batch"


DEAD = Rule(
    id="GS201",
    name="dead-units",
    verdict="dead",
    limits={"error": 0.9, "warn": 0.5, "note": 0.25},
    summary="Many units of a layer have a zero derivative on every sample.",
    why="A dead unit passes no gradient, so neither it nor what feeds it can learn on these samples.",
    remedy="centre and scale the inputs, start biases at zero, use he_normal, or a variant with a slope on both "
    "sides (leaky_relu, elu, gelu)",
    source="Maas, Hannun & Ng 2013, section 2; Lu et al. 2020 (dying ReLU at initialisation)",
    check=_dead,
    message=_message,
    per_layer=True,
    fires_on=(
        "{input: 64, layers: [{dense: {units: 64, bias_init: {constant: -8}}}, relu, {dense: 10}], init: he_normal}",
    ),
    silent_on=("{input: 64, layers: [{dense: 64}, relu, {dense: 10}], init: he_normal}",),
)
