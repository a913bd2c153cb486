"""A training as GitHub-flavoured Markdown: its steps in a table, then findings and verdict."""

from collections.abc import Iterator

from gradscope.probe.steps import TrainingStep
from gradscope.render.findings import groups
from gradscope.render.headline import facts, verdict_words
from gradscope.render.markdown import escaped, finding_items
from gradscope.render.options import RenderOptions
from gradscope.render.quantities import NOTHING, norm, ratio, share, value
from gradscope.render.training.heat import sampled
from gradscope.render.training.words import end_words, loss_words, setup_words, worst
from gradscope.report import TrainingReport

MOST_STEPS = 25
HEADS = ("step", "loss", "|∂L/∂θ|", "first/last", "dead", "saturated")


def render(report: TrainingReport, options: RenderOptions) -> str:
    """One section, or with `quiet` a line; in UTF-8 whatever the terminal."""
    if options.quiet:
        return f"- **{escaped(report.verdict)}** {loss_words(report.losses)} {escaped(report.name)}\n"
    return "".join(f"{line}\n" for line in _section(report, options))


def _section(report: TrainingReport, options: RenderOptions) -> Iterator[str]:
    yield f"## {escaped(report.name)}"
    yield from ("", escaped(", ".join([*facts(report), report.source])), "")
    yield f"- **training** {escaped(setup_words(report.training))}"
    if ended := end_words(report):
        yield f"- **ended** {escaped(ended)}"
    yield f"- **loss** {loss_words(report.losses)}"
    yield ""
    yield f"| {' | '.join(escaped(head) for head in HEADS)} |"
    yield "|" + "---:|" * len(HEADS)
    most = len(report.steps) if options.full else MOST_STEPS
    yield from (_row(report.steps[number]) for number in sampled(len(report.steps), most))
    yield ""
    for group in groups(report.findings):
        yield from finding_items(group, options)
        yield ""
    yield f"**verdict** {escaped(verdict_words(report))}"


def _row(step: TrainingStep) -> str:
    cells = [
        str(step.step),
        value(step.loss),
        norm(step.gradient.log10_l2),
        ratio(step.flow.log10_ratio),
        _worst(step, "dead_fraction"),
        _worst(step, "saturated_fraction"),
    ]
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"


def _worst(step: TrainingStep, field: str) -> str:
    layer = worst(step, field)
    return NOTHING if layer is None else f"{share(getattr(layer, field))} {layer.name}"
