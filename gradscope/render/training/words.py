"""What is said of a training beside its map: how it was done, its loss and gradient, a line a step."""

import math

from gradscope.numerals import count
from gradscope.probe.steps import StepLayer, TrainingStep
from gradscope.render.quantities import norm, ratio, setting, share, value
from gradscope.report import TrainingReport, TrainingSetup

_TARGETS = {"teacher": "a teacher's targets", "random": "random targets", "file": "the file's targets"}
_ENDS = {"interrupted": "interrupted, measured up to", "non_finite": "ended by a NaN or an infinity at"}


def setup_words(setup: TrainingSetup) -> str:
    """How the network was trained."""
    clip = "" if setup.clip is None else f", clipped to {setting(setup.clip)}"
    return (
        f"{count(setup.steps, 'step')} of {setup.optimizer} at {setting(setup.lr)}{clip}, "
        f"{_TARGETS[setup.targets]}, measured every {setup.every:,}"
    )


def end_words(report: TrainingReport) -> str | None:
    """Why there are fewer steps than were asked for."""
    if report.ended == "done":
        return None
    return f"{_ENDS[report.ended]} step {report.steps[-1].step:,} of {report.training.steps:,}"


def loss_words(losses: tuple[float, ...]) -> str:
    """From where to where, and the least on the way."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    if not finite:
        return value(losses[0])
    least = min(finite)
    return f"{value(losses[0])} to {value(losses[-1])}, least {value(least)} at step {losses.index(least)}"


def step_words(step: TrainingStep, steps: int) -> str:
    """A line of the log: what was measured at one step."""
    place, *rest = step_facts(step, steps)
    return "  ".join([place, f"loss {value(step.loss):<7}", *rest])


def step_facts(step: TrainingStep, steps: int) -> list[str]:
    """Which step it is, and what was measured there besides the loss; the more important first."""
    parts = [
        f"step {step.step:>{len(str(steps))}}/{steps}",
        f"|∂L/∂θ| {norm(step.gradient.log10_l2)}",
        f"first/last {ratio(step.flow.log10_ratio)}",
    ]
    if step.failed_trials:
        parts.append(f"NaN in {count(step.failed_trials, 'trial')}")
    for word, field in (("dead", "dead_fraction"), ("saturated", "saturated_fraction")):
        layer = worst(step, field)
        if layer is not None:
            parts.append(f"{word} {share(getattr(layer, field))} at {layer.name}")
    if step.clipped_fraction:
        parts.append("clipped")
    return parts


def worst(step: TrainingStep, field: str) -> StepLayer | None:
    """The layer with the largest share; None where all have none."""
    there = [layer for layer in step.layers if getattr(layer, field) is not None]
    found = max(there, key=lambda layer: float(getattr(layer, field)), default=None)
    return found if found is not None and getattr(found, field) > 0.0 else None
