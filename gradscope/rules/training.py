"""What happens while a network trains: units die (GS203), the gradient or the loss explodes (GS111)."""

import math
from collections.abc import Iterable

from gradscope.engine.outline import Outline
from gradscope.numerals import power_of_ten
from gradscope.probe.course import Course, Stage
from gradscope.rules.base import Hit, Limits, Rule, Severity, log10_limit


def _dying(outline: Outline, course: Course, limits: Limits) -> Iterable[Hit]:
    if len(course.sound) < 2:
        return
    first, last = course.sound[0], course.sound[-1]
    layers = zip(outline.layers, first.trace.layers, last.trace.layers, strict=True)
    for info, before, after in layers:
        if before.units is None or after.units is None:
            continue
        rise = after.units.dead_fraction - before.units.dead_fraction
        # A single unit is no sign, however few there are.
        if not rise <= limits["max_rise"] and round(rise * info.features) > 1:
            yield Hit(info.name, Severity.error, rise, limits["max_rise"], detail=f"step {last.step}")


def _dying_message(hit: Hit, outline: Outline) -> str:
    return (
        f"training killed {hit.measured:.0%} of the units of {hit.layer}: so many more are silent on a whole "
        f"batch after {hit.detail}"
    )


def _exploding(outline: Outline, course: Course, limits: Limits) -> Iterable[Hit]:
    """One objection a trial: the first step at which the gradient is too large, or else the loss."""
    start = course.stages[0].gradient.log10_l2
    for stage in course.sound[1:] if start > -math.inf else ():
        growth = stage.gradient.log10_l2 - start
        if not growth <= log10_limit(limits["max_gradient_growth"]):
            detail = f"the gradient at step {stage.step}"
            yield Hit(_largest(outline, stage), Severity.error, growth, limits["max_gradient_growth"], detail)
            return
    losses = [loss for loss in course.losses if math.isfinite(loss)]
    if losses and losses[0] > 0.0 and not max(losses) <= limits["max_loss_growth"] * losses[0]:
        growth = math.log10(max(losses)) - math.log10(losses[0])
        detail = f"the loss at step {losses.index(max(losses))}"
        yield Hit(None, Severity.error, growth, limits["max_loss_growth"], detail)


def _largest(outline: Outline, stage: Stage) -> str | None:
    """The layer with the largest weight gradient."""
    layers = zip(outline.layers, stage.trace.layers, strict=True)
    norms = {
        info.name: layer.gradients["weight"].log10_l2
        for info, layer in layers
        if info.weighted and "weight" in layer.gradients
    }
    return max(norms, key=lambda name: norms[name], default=None)


def _exploding_message(hit: Hit, outline: Outline) -> str:
    where = f", mostly at {hit.layer}" if hit.layer else ""
    return f"{hit.detail} is {power_of_ten(hit.measured)} times what it was before training{where}"


DYING = Rule(
    id="GS203",
    name="dying-units",
    verdict="dead",
    limits={"max_rise": 0.1},
    severities=(Severity.error,),
    summary="Units that were alive before training are dead after some steps of it.",
    why="A step that is too large throws a unit to where no sample activates it; there it gets no "
    "gradient, and stays.",
    measured_as="dead fraction at the last measured step minus that before the first, each over one batch; "
    "the last step with finite numbers where training met a NaN; at least two units",
    remedy="lower the learning rate, warm it up or clip the gradient; or use an activation with a slope on "
    "both sides (leaky_relu, elu, gelu)",
    source="Maas, Hannun & Ng 2013, section 2; Lu et al. 2020, section 1",
    training=_dying,
    message=_dying_message,
    per_layer=True,
    fires_on="""\
input: 32
init: he_normal
layers:
  - {repeat: 3, layers: [dense: 64, relu]}
  - dense: 10
training: {steps: 40, lr: 10}
""",
    silent_on="""\
input: 32
init: he_normal
layers:
  - {repeat: 3, layers: [dense: 64, relu]}
  - dense: 10
training: {steps: 40, lr: 0.1}
""",
)

EXPLODING = Rule(
    id="GS111",
    name="exploding-in-training",
    verdict="exploding",
    limits={"max_gradient_growth": 1e3, "max_loss_growth": 1e2},
    severities=(Severity.error,),
    summary="While training, the gradient or the loss grows far beyond what it was before.",
    why="The steps overshoot: each lands where the slope is steeper, until nothing is left to learn or a NaN "
    "comes.",
    measured_as="global L2 norm of all parameters' gradients at each measured step, and the loss of every "
    "step, over those before the first update",
    remedy="lower the learning rate, clip the gradient to a global norm (`clip: 1`), or warm the rate up",
    source="Pascanu, Mikolov & Bengio 2013, section 3.2; Goodfellow, Bengio & Courville 2016, section 8.2.4",
    training=_exploding,
    message=_exploding_message,
    logarithmic=True,
    fires_on="""\
input: 32
init: he_normal
layers:
  - {repeat: 3, layers: [dense: 64, linear]}
  - dense: 4
loss: mse
training: {steps: 10, lr: 3}
""",
    silent_on=DYING.silent_on,
)
