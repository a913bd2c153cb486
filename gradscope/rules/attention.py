"""What attention looks at: all queries of a head at one key (GS205)."""

import math
from collections.abc import Iterable

from gradscope.engine.outline import Outline
from gradscope.probe.trace import Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity


def _collapsed(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    for info, layer in zip(trace.layers, trial.layers, strict=True):
        if layer.attention is None:
            continue
        weight = layer.attention.top_key_weight
        if not weight <= limits["max_weight"]:
            entropy = f"{layer.attention.entropy:.1e}"
            yield Hit(info.name, Severity.warning, weight, limits["max_weight"], detail=entropy)


def _collapsed_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"the attention of {hit.layer} is not a number"
    return (
        f"a head of {hit.layer} gives one key {hit.measured:.0%} of its attention, whatever the query: it "
        "passes the same value on to every position"
    )


ATTENTION_COLLAPSE = Rule(
    id="GS205",
    name="attention-collapse",
    limits={"max_weight": 0.9},
    severities=(Severity.warning,),
    summary="Nearly all attention of a head lies on one key, whatever the query.",
    why="The softmax is saturated: queries and keys get next to no gradient, and all positions are told the "
    "same.",
    measured_as="what the key that a head favours gets from a query on average over the queries of a sample, "
    "a mean over samples, of the head where it is most; queries that see one key alone do not count",
    remedy="standardise what goes into the attention (a `layer_norm` before it), lower its `init`, start its "
    "biases at zero",
    source="Zhai et al. 2023, section 3 (entropy collapse); Dong, Cordonnier & Loukas 2021 (rank collapse)",
    check=_collapsed,
    message=_collapsed_message,
    per_layer=True,
    fires_on="""\
input: {length: 16, features: 32}
batch: {size: 8, inputs: {normal: {mean: 10}}}
init: glorot_uniform
layers:
  - attention: {heads: 4, init: {normal: {std: 0.5}}}
  - mean_over_time
  - dense: 10
""",
    silent_on="""\
input: {length: 16, features: 32}
batch: {size: 8}
init: glorot_uniform
layers:
  - layer_norm
  - attention: 4
  - mean_over_time
  - dense: 10
""",
)
