"""The pictures of one report: the gradient by depth with its prediction, and units that are out of work."""

from collections.abc import Callable, Iterator, Sequence

from gradscope.probe.summary import LayerSummary, StateSummary
from gradscope.render.pictures.picture import Bars, Line, Lines, Numbers, Picture, norms, shares
from gradscope.render.quantities import largest
from gradscope.render.rows import Row, rows_of
from gradscope.report import Report

LEAST_DECADES = 3.0
"""A narrower scale would blow up noise: a level gradient is a level line."""


def report_pictures(report: Report) -> Iterator[Picture]:
    """What there is to draw of a report."""
    rows = [row for row in rows_of(report) if row.depth == 0]
    yield gradient_by_depth(rows)
    bars = units_by_layer(rows)
    if bars.lines:
        yield bars
    yield from _through_time(report.layers)


def gradient_by_depth(rows: Sequence[Row]) -> Lines:
    """Of the layers on the trunk; theory's line ends where the measured one ends."""
    layers = [row.layer for row in rows]
    lines = [
        Line(
            "∂L/∂y",
            tuple(layer.output_grad.log10_l2 for layer in layers),
            _filled(tuple(layer.output_grad.log10_l2_std for layer in layers)),
        )
    ]
    weights = tuple(None if layer.weight_grad is None else layer.weight_grad.log10_l2 for layer in layers)
    if any(number is not None for number in weights):
        lines.append(Line("∂L/∂W", weights))
    predicted = tuple(_expected(layer) for layer in layers)
    if any(number is not None for number in predicted):
        lines.append(Line("theory for ∂L/∂y", predicted, is_dashed=True))
    return Lines(
        key="gradient",
        title="Gradient norm by depth",
        about="Level is healthy; a slope is a gradient that vanishes or explodes on its way to the input, on "
        f"the left.{' The band is one standard deviation over the trials.' if lines[0].spread else ''}",
        across="layer",
        labels=tuple(layer.name for layer in layers),
        ticks=norms("L2 norm"),
        lines=tuple(lines),
        least=LEAST_DECADES,
    )


def _filled(spread: Numbers) -> Numbers:
    return spread if any(number is not None for number in spread) else ()


def _expected(layer: LayerSummary) -> float | None:
    return layer.theory.log10_l2 if layer.flow_point and layer.theory is not None else None


_UNITS: dict[str, Callable[[LayerSummary], float | None]] = {
    "dead": lambda layer: layer.dead_fraction,
    "saturated": lambda layer: layer.saturated_fraction,
    "inactive": lambda layer: layer.inactive_fraction,
}


def units_by_layer(rows: Sequence[Row]) -> Bars:
    """Dead, saturated and inactive shares behind each layer; without lines where no layer has units to
    lose."""
    lines = []
    for name, read in _UNITS.items():
        numbers = tuple(largest(read(layer) for layer in (row.layer, *row.behind)) for row in rows)
        if any(number is not None for number in numbers):
            lines.append(Line(name, numbers))
    return Bars(
        key="units",
        title="Dead and saturated units by layer",
        about="A dead unit is silent on every sample, a saturated entry hardly passes a gradient on. About "
        "half of the entries of a healthy ReLU layer are inactive.",
        across="layer",
        labels=tuple(row.layer.name for row in rows),
        ticks=shares("share"),
        lines=tuple(lines),
        most=1.0,
    )


def _through_time(layers: Sequence[LayerSummary]) -> Iterator[Lines]:
    lines: dict[str, StateSummary] = {}
    for layer in layers:
        if layer.time is not None:
            lines[layer.name] = layer.time.forward
            if layer.time.backward is not None:
                lines[f"{layer.name} backwards"] = layer.time.backward
    longest = max((len(state.log10_rms) for state in lines.values()), default=0)
    if longest < 2:
        return
    yield Lines(
        key="time",
        title="Gradient of the state through time",
        about="Given a gradient at the last step alone, what arrives at each step before it.",
        across="step",
        labels=tuple(str(step + 1) for step in range(longest)),
        ticks=norms("RMS"),
        lines=tuple(
            Line(name, (*state.log10_rms, *[None] * (longest - len(state.log10_rms))))
            for name, state in lines.items()
        ),
        least=LEAST_DECADES,
    )
