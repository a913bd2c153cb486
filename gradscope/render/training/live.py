"""The picture of a training under way: how far it is, the loss, and the heat map so far."""

from collections.abc import Iterator, Sequence
from itertools import islice

from gradscope.probe.steps import TrainingStep
from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint
from gradscope.render.quantities import norm, value
from gradscope.render.spans import Line, padded, width
from gradscope.render.table import LEAST_WIDTH
from gradscope.render.training.curve import curve
from gradscope.render.training.heat import heat_of, sampled
from gradscope.render.training.words import step_facts
from gradscope.report import TrainingSetup

ABOVE = 2
"""Lines besides the map."""
MOST_NAME = 24
GAP = 2


def live_text(setup: TrainingSetup, steps: Sequence[TrainingStep], options: RenderOptions, lines: int) -> str:
    """As many layers as there are lines for; on fewer lines than two not even the loss."""
    shown = islice(_lines(setup, steps, options, max(0, lines - ABOVE)), lines)
    return paint(shown, options)


def _lines(
    setup: TrainingSetup, steps: Sequence[TrainingStep], options: RenderOptions, rows: int
) -> Iterator[Line]:
    cells = max(LEAST_WIDTH, options.width)
    yield ((_fitting(step_facts(steps[-1], setup.steps), cells), "bold"),)
    losses = [step.loss for step in steps if step.loss is not None]
    yield (("loss  ", "dim"), (f"{curve(losses, cells // 2)} {value(losses[-1])}", ""))
    if rows:
        yield from _map(steps, options, rows, cells)


def _map(steps: Sequence[TrainingStep], options: RenderOptions, rows: int, cells: int) -> Iterator[Line]:
    """A row a layer with weights; a network may have none, where only slopes or gains learn."""
    layers = steps[-1].layers
    told = [layer.name for layer in layers if layer.weight_grad] or [layer.name for layer in layers]
    names = [told[number] for number in sampled(len(told), rows)]
    labels = {name: visible(name, unicode=options.unicode)[-MOST_NAME:] for name in names}
    name_width = max(map(width, labels.values()))
    heat = heat_of(steps, names, cells - name_width - 12)
    last = {layer.name: layer.output_grad.log10_l2 for layer in layers}
    for name in names:
        yield (
            (padded(labels[name], name_width) + "  ", "dim"),
            *heat.row(name),
            (f"  {norm(last[name])}", ""),
        )


def _fitting(facts: Sequence[str], cells: int) -> str:
    """As many of the first facts as fit on a line, each as a whole."""
    line = facts[0]
    for fact in facts[1:]:
        if width(line) + GAP + width(fact) > cells:
            break
        line += " " * GAP + fact
    return line
