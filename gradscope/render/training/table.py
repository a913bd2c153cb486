"""The report of a training for a person at a terminal: heat map, loss, gradient, findings, verdict."""

from collections.abc import Iterator

from gradscope.render.blocks import finding_lines
from gradscope.render.characters import legend
from gradscope.render.headline import verdict_words
from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint
from gradscope.render.quantities import norm
from gradscope.render.spans import Line
from gradscope.render.table import LEAST_WIDTH, MOST_PROSE, heading, labelled, quiet_line, verdict_mark
from gradscope.render.training.curve import curve
from gradscope.render.training.map import map_lines
from gradscope.render.training.words import end_words, loss_words, setup_words
from gradscope.report import TrainingReport

CURVE_CELLS = 20


def render(report: TrainingReport, options: RenderOptions) -> str:
    """One page, or with `quiet` one line."""
    if options.quiet:
        return paint([quiet_line(report, loss_words(report.losses), options)], options)
    return paint(_page(report, options, max(LEAST_WIDTH, options.width)), options)


def _page(report: TrainingReport, options: RenderOptions, cells: int) -> Iterator[Line]:
    prose = min(cells, MOST_PROSE)
    yield from heading(report, options, prose)
    yield ()
    yield from labelled("training", setup_words(report.training), "", prose)
    if ended := end_words(report):
        yield from labelled("ended", ended, "bold red", prose)
    yield from labelled("loss", _with_curve(report.losses, loss_words(report.losses)), "", prose)
    norms = [step.gradient.log10_l2 for step in report.steps]
    words = f"|∂L/∂θ| {norm(norms[0])} to {norm(norms[-1])}"
    yield from labelled("gradient", _with_curve(norms, words), "", prose)
    yield ()
    yield from map_lines(report, options, cells)
    yield from finding_lines(report.findings, options, prose)
    if options.verbose:
        yield ()
        yield from _legend(options, prose)
    yield ()
    mark, style = verdict_mark(report)
    yield from labelled("verdict", f"{mark} {verdict_words(report)}", style, prose)


def _with_curve(values: list[float] | tuple[float, ...], words: str) -> str:
    return f"{curve(values, CURVE_CELLS)} {words}"


def _legend(options: RenderOptions, cells: int) -> Iterator[Line]:
    meanings = (
        (
            "map",
            "L2 norm of ∂L/∂y by step, on one scale of powers of ten; coloured by its distance from the last "
            "layer's before training",
        ),
        ("moved", "RMS(W − W₀)/RMS(W₀): how far the weights are from where they began"),
        ("dead", "units of the activation with slope zero on the whole batch, before → after"),
    )
    for label, meaning in meanings:
        yield from labelled(label, legend(meaning, unicode=options.unicode), "dim", cells)
