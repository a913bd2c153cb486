"""How the network starts: initialiser against activation (GS302), the first loss (GS403)."""

import math
from collections.abc import Iterable

from gradscope.engine.activations import Activation
from gradscope.engine.outline import LayerInfo, Outline
from gradscope.numerals import factor
from gradscope.probe.trace import Trace, TrialTrace
from gradscope.rules.base import Hit, Limits, Rule, Severity, graded
from gradscope.theory.mean_field import gradient_gain


def _pairs(outline: Outline) -> Iterable[tuple[LayerInfo, Activation]]:
    """Weighted layers with the activation that follows with nothing but linear layers between; heads
    aside."""
    head = outline.head.name if outline.head else None
    for layers in outline.lists.values():
        weighted: LayerInfo | None = None
        for info in layers:
            if info.weight is not None:
                weighted = info if info.is_affine and info.name != head else None
            elif isinstance(info.activation, Activation) and weighted is not None:
                yield weighted, info.activation
                weighted = None
            elif not info.is_linear:
                weighted = None


def _mismatched(outline: Outline, limits: Limits) -> Iterable[Hit]:
    for info, activation in _pairs(outline):
        law = info.weight
        if law is None or law.is_zero or law.mean != 0.0:
            continue
        sigma_b2 = info.bias.variance + info.bias.mean * info.bias.mean if info.bias is not None else 0.0
        gain = gradient_gain(activation, law.variance * law.fans.fan_in, sigma_b2)
        if not limits["min_gain"] <= gain <= limits["max_gain"]:
            bound = "min_gain" if gain < 1.0 else "max_gain"
            yield Hit(
                info.name, Severity.note, gain, limits[bound], detail=f"{law.name} with {activation.name}"
            )
            return


def _mismatched_message(hit: Hit, outline: Outline) -> str:
    if math.isnan(hit.measured):
        return f"what {hit.detail} does to the gradient cannot be told: its mean square is no number"
    return (
        f"{hit.detail} multiplies the gradient by {factor(hit.measured)} a layer (√χ₁, from {hit.layer} on)"
    )


def _first_loss(trace: Trace, trial: TrialTrace, limits: Limits) -> Iterable[Hit]:
    expected = trace.outline.expected_loss
    if trial.loss is None or not expected:
        return
    kind = "classes" if trace.outline.loss.takes_logits else "targets"
    grades = (Severity.warning, f"warn_{kind}"), (Severity.note, f"note_{kind}")
    times = trial.loss / expected
    if grade := graded(times, limits, *grades, above=True):
        yield Hit(trace.layers[-1].name, grade[0], times, grade[1], detail=f"{expected:.3g}")


def _first_loss_message(hit: Hit, outline: Outline) -> str:
    if not math.isfinite(hit.measured):
        return "the first loss is not a finite number"
    return f"the first loss is {hit.measured:.3g} times {hit.detail}, what an output that knows nothing has"


MISMATCHED = Rule(
    id="GS302",
    name="mismatched-init",
    limits={"min_gain": 0.75, "max_gain": 1.33},
    severities=(Severity.note,),
    summary="Initialiser and activation together change the gradient by a factor a layer.",
    why="Harmless in a shallow net, the usual cause of vanishing and exploding in a deep one.",
    measured_as="√χ₁ = √(fan_in Var[W] E φ′(√q* z)²) at the fixed point q* of the variance, by "
    "quadrature; nothing is run",
    remedy="he_normal for ReLU and its kin, lecun_normal for SELU, glorot for tanh; or a gain that makes "
    "it 1",
    source="Schoenholz et al. 2017, eq. 5; He et al. 2015, eq. 10; Klambauer et al. 2017, section 2",
    static=_mismatched,
    message=_mismatched_message,
    fires_on="""\
input: 64
layers: [dense: 64, relu, dense: 64, relu, dense: 10]
""",
    silent_on="""\
input: 64
init: he_normal
layers: [dense: 64, relu, dense: 64, relu, dense: 10]
""",
)

FIRST_LOSS = Rule(
    id="GS403",
    name="unexpected-initial-loss",
    limits={"warn_classes": 100.0, "note_classes": 3.0, "warn_targets": 1000.0, "note_targets": 30.0},
    severities=(Severity.warning, Severity.note),
    summary="The loss before training is far above that of an output that knows nothing.",
    why="The first steps only undo the size of the outputs; by itself it predicts no failure.",
    measured_as="mean loss over ln K for classes, or over its value at zero output for N(0, 1) targets",
    remedy="scale the last layer down (a smaller gain, or zeros), or mend an exploding signal",
    source="Glorot & Bengio 2010, section 2.3 (log-likelihood at the start); Zhang, Dauphin & Ma 2019, "
    "section 3",
    check=_first_loss,
    message=_first_loss_message,
    fires_on="""\
input: 64
init: {variance: 200}
layers: [dense: 64, relu, dense: 10]
""",
    silent_on=MISMATCHED.silent_on,
)
