"""The steps of a training run, each averaged over trials as the layers of a report are. The fields are the
report's."""

from collections.abc import Sequence

from msgspec import Struct

from gradscope.engine.outline import Outline
from gradscope.probe.averages import mean, optional_mean
from gradscope.probe.course import LayerMoves, Stage
from gradscope.probe.summary import (
    FlowSummary,
    LayerSummary,
    NormSummary,
    summarise_flow,
    summarise_layers,
    summarise_norm,
)
from gradscope.probe.trace import Moments, Trace


class StepLayer(Struct, frozen=True, kw_only=True):
    """One layer at one step; what it has in common with a report's layer has the same name and meaning."""

    name: str
    output_grad: NormSummary
    weight_grad: NormSummary | None
    update_ratio: float | None
    step_ratio: float | None
    """RMS of the last change of the weights over their RMS: what the optimiser made of the update ratio."""
    distance: float | None
    """How far the weights are from where they began: RMS(W − W₀)/RMS(W₀)."""
    output: Moments
    dead_fraction: float | None
    inactive_fraction: float | None
    saturated_fraction: float | None


class TrainingStep(Struct, frozen=True, kw_only=True):
    """The network after `step` updates, on the batch of the next one: means over the trials.

    Of a trial that met a NaN or an infinity the stage at which it did counts from then on.
    """

    step: int
    loss: float | None
    gradient: NormSummary
    """The gradient of all parameters together, before clipping."""
    clipped_fraction: float
    """Share of the trials whose gradient was clipped at this step."""
    failed_trials: int
    """Trials that have met a NaN or an infinity so far."""
    flow: FlowSummary
    layers: tuple[StepLayer, ...]


def summarise_stages(outline: Outline, step: int, stages: Sequence[Stage]) -> TrainingStep:
    """One step of all trials; a trial that ended before is there with its last stage."""
    trace = Trace(outline=outline, trials=tuple(stage.trace for stage in stages))
    moves = zip(*(stage.moves for stage in stages), strict=True)
    return TrainingStep(
        step=step,
        loss=optional_mean([stage.trace.loss for stage in stages]),
        gradient=summarise_norm([stage.gradient for stage in stages]),
        clipped_fraction=mean([float(stage.is_clipped) for stage in stages]),
        failed_trials=sum(stage.trace.origin is not None for stage in stages),
        flow=summarise_flow(trace),
        layers=tuple(
            _layer(layer, of_layer) for layer, of_layer in zip(summarise_layers(trace), moves, strict=True)
        ),
    )


def _layer(layer: LayerSummary, moves: Sequence[LayerMoves]) -> StepLayer:
    return StepLayer(
        name=layer.name,
        output_grad=layer.output_grad,
        weight_grad=layer.weight_grad,
        update_ratio=layer.update_ratio,
        step_ratio=optional_mean([move.step_ratio for move in moves]),
        distance=optional_mean([move.distance for move in moves]),
        output=layer.output,
        dead_fraction=layer.dead_fraction,
        inactive_fraction=layer.inactive_fraction,
        saturated_fraction=layer.saturated_fraction,
    )
