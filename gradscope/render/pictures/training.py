"""The pictures of a training run: the loss, the gradient and the dead units of every layer at every step."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from gradscope.probe.steps import StepLayer, TrainingStep
from gradscope.render.pictures.picture import Cells, Line, Lines, Picture, Ticks, norms, shares, values
from gradscope.render.pictures.thinning import thinned
from gradscope.render.quantities import setting
from gradscope.report import TrainingReport

MOST_ROWS, MOST_COLUMNS = 40, 40
"""Of a map; beyond, rows and columns are left out evenly, both ends kept."""
MOST_LOSSES = 400


class _Map(NamedTuple):
    """A quantity of layers over steps."""

    key: str
    title: str
    about: str
    ticks: Ticks
    read: Callable[[StepLayer], float | None]
    most: float | None = None


_MAPS = (
    _Map(
        "gradients",
        "Gradient norm, layer by step",
        "L2 norm of ∂L/∂y; a row that turns dark has lost its gradient.",
        norms("L2 norm"),
        # Layers without weights have nearly the gradient of their neighbours.
        lambda layer: None if layer.weight_grad is None else layer.output_grad.log10_l2,
    ),
    _Map(
        "distance",
        "How far the weights have moved",
        "RMS(W − W₀)/RMS(W₀); a layer that stays dark does not learn.",
        values("distance"),
        lambda layer: layer.distance,
    ),
    _Map(
        "dead",
        "Dead units, layer by step",
        "Units that are silent on the whole batch of the step.",
        shares("dead"),
        lambda layer: layer.dead_fraction,
        1.0,
    ),
    _Map(
        "saturated",
        "Saturated entries, layer by step",
        "Entries with less than 1 % of the activation's steepest slope.",
        shares("saturated"),
        lambda layer: layer.saturated_fraction,
        1.0,
    ),
)


def training_pictures(report: TrainingReport) -> Iterator[Picture]:
    """What there is to draw of a training."""
    if len(report.losses) > 1:
        yield _losses(report)
    steps = thinned(report.steps, MOST_COLUMNS)
    for each in _MAPS:
        numbers = _rows(steps, each.read)
        if any(number for row in numbers.values() for number in row):
            yield Cells(
                key=each.key,
                title=each.title,
                about=each.about,
                across="step",
                down="layer",
                columns=tuple(str(step.step) for step in steps),
                rows=tuple(numbers),
                numbers=tuple(numbers.values()),
                ticks=each.ticks,
                most=each.most,
            )


def _losses(report: TrainingReport) -> Lines:
    kept = thinned(range(len(report.losses)), MOST_LOSSES)
    rate = setting(report.training.lr)
    return Lines(
        key="loss",
        title="Loss",
        about=f"{report.training.optimizer} at learning rate {rate}, mean of the trials.",
        across="step",
        labels=tuple(map(str, kept)),
        places=tuple(map(float, kept)),
        ticks=values("loss"),
        lines=(Line("loss", tuple(report.losses[step] for step in kept)),),
    )


def _rows(
    steps: Sequence[TrainingStep], read: Callable[[StepLayer], float | None]
) -> dict[str, tuple[float | None, ...]]:
    """By name, the layers that have the quantity at some step."""
    by_step = [{layer.name: read(layer) for layer in step.layers} for step in steps]
    names = [
        name for name in (by_step[0] if by_step else ()) if any(found[name] is not None for found in by_step)
    ]
    return {name: tuple(found[name] for found in by_step) for name in thinned(names, MOST_ROWS)}
