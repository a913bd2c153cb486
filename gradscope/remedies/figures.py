"""The figure that tells what a remedy did about a rule: of the report before, and of the one after."""

from collections.abc import Callable, Iterable

from gradscope.report import Figure, Report


def figure(rule: str, before: Report, after: Report) -> Figure:
    """What the rule judges, or else the gain per layer; of a flow without a trend, first over last."""
    name, of = judged(rule)
    now, then = of(before), of(after)
    if now is None or then is None:
        name, now, then = "log10_ratio", before.flow.log10_ratio, after.flow.log10_ratio
    return Figure(name, now, then)


def judged(rule: str) -> tuple[str, Callable[[Report], float | None]]:
    """Name and value of what the rule judges, or else the gain per layer."""
    return _FIGURES.get(rule, ("gain_per_layer", _gain))


def _gain(report: Report) -> float | None:
    return report.flow.gain_per_layer


def _loss(report: Report) -> float | None:
    return report.loss.mean


def _dead(report: Report) -> float | None:
    return _worst(layer.dead_fraction for layer in report.layers)


def _saturated(report: Report) -> float | None:
    return _worst(layer.saturated_fraction for layer in report.layers)


def _through_time(report: Report) -> float | None:
    """log10 of the state gradient at the first step over the last, where it is furthest from 1."""
    times = [layer.time for layer in report.layers if layer.time is not None]
    states = [state for time in times for state in (time.forward, time.backward) if state is not None]
    ratios = [state.log10_rms[0] - state.log10_rms[-1] for state in states]
    return max(ratios, key=abs, default=None)


def _worst(fractions: Iterable[float | None]) -> float | None:
    return max((fraction for fraction in fractions if fraction is not None), default=None)


_FIGURES: dict[str, tuple[str, Callable[[Report], float | None]]] = {
    "GS108": ("log10_through_time", _through_time),
    "GS109": ("log10_through_time", _through_time),
    "GS201": ("dead_fraction", _dead),
    "GS202": ("saturated_fraction", _saturated),
    "GS403": ("loss", _loss),
}
"""Rules that judge something else than the flow over depth."""
