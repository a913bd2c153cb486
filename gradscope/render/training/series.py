"""What of a measured step goes on a curve, by the names under which it is drawn. Writes no file."""

from collections.abc import Callable, Iterator

from gradscope.probe.steps import StepLayer, TrainingStep

_OF_LAYERS: dict[str, Callable[[StepLayer], float | None]] = {
    "output_grad.log10_l2": lambda layer: layer.output_grad.log10_l2,
    "weight_grad.log10_l2": lambda layer: None if layer.weight_grad is None else layer.weight_grad.log10_l2,
    "update_ratio": lambda layer: layer.update_ratio,
    "step_ratio": lambda layer: layer.step_ratio,
    "distance": lambda layer: layer.distance,
    "output.rms": lambda layer: layer.output.rms,
    "output.zero_fraction": lambda layer: layer.output.zero_fraction,
    "dead_fraction": lambda layer: layer.dead_fraction,
    "inactive_fraction": lambda layer: layer.inactive_fraction,
    "saturated_fraction": lambda layer: layer.saturated_fraction,
}
"""By the names they have in the report."""


def series(step: TrainingStep) -> Iterator[tuple[str, float]]:
    """Pairs of name and number; a layer's quantity is `quantity/layer`, so that layers are drawn together."""
    whole = {
        "loss": step.loss,
        "gradient.log10_l2": step.gradient.log10_l2,
        "flow.log10_ratio": step.flow.log10_ratio,
        "flow.gain_per_layer": step.flow.gain_per_layer,
        "clipped_fraction": step.clipped_fraction,
        "failed_trials": float(step.failed_trials),
    }
    yield from ((f"training/{name}", number) for name, number in whole.items() if number is not None)
    for layer in step.layers:
        for name, read in _OF_LAYERS.items():
            number = read(layer)
            if number is not None:
                yield f"{name}/{layer.name}", number
