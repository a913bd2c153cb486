"""GS401: a NaN or an infinity."""

import math
from collections.abc import Iterable

from gradscope.probe.trace import Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity


def _non_finite(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    if trial.origin is not None:
        yield Hit(trial.origin, Severity.error, math.nan, math.nan)


def _message(hit: Hit, trace: Trace) -> str:
    origin = hit.layer or "the network"
    if origin == "input":
        return "the input batch holds a NaN or an infinity"
    if origin == "loss":
        return "the loss or its gradient is NaN or infinite while every layer's output is finite"
    if origin.startswith("gradient of "):
        return (
            f"the backward pass through {origin.removeprefix('gradient of ')} produced a NaN or an infinity"
        )
    layers = {info.name: number for number, info in enumerate(trace.layers)}
    precisions = "beyond what the dtype can hold, or computed from such numbers"
    place = f", number {layers[origin] + 1} of {len(layers)}," if origin in layers else ""
    return f"the output of {origin}{place} is the first with a NaN or an infinity: {precisions}"


NON_FINITE = Rule(
    id="GS401",
    name="non-finite",
    verdict="non_finite",
    limits={},
    summary="A NaN or an infinity appears in the forward or backward pass.",
    why="Every number computed from it is wrong, and training would stop at the first step.",
    remedy="scale the weights or the input down where it begins; check a data file for missing values",
    source="IEEE 754-2019, section 7 (overflow and invalid operation)",
    check=_non_finite,
    message=_message,
    from_first_trial=True,
    fires_on=(
        "{input: 64, layers: [{repeat: 60, layers: [{dense: 64}]}], init: {variance: 100}, loss: random_cotangent}",
    ),
    silent_on=("{input: 64, layers: [{dense: 64}, relu, {dense: 10}]}",),
)
