"""The columns beside the heat map: what became of each layer from the first step to the last."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from gradscope.probe.steps import StepLayer
from gradscope.render.quantities import NOTHING, norm, share, value
from gradscope.render.rows import Row
from gradscope.report import TrainingReport

ByName = Mapping[str, StepLayer]


class TrainingColumn(Struct, frozen=True):
    """One quantity of a row."""

    head: str
    text: Callable[[Row, ByName, ByName], str]
    """(row, layers before the first update, layers at the last sound step) -> the cell."""


def ends_of(report: TrainingReport) -> tuple[ByName, ByName]:
    """The layers before the first update, and at the last step that all trials took with finite numbers."""
    sound = [step for step in report.steps if not step.failed_trials] or [report.steps[0]]
    first, last = ({layer.name: layer for layer in step.layers} for step in (sound[0], sound[-1]))
    return first, last


def _moved(row: Row, first: ByName, last: ByName) -> str:
    return value(last[row.layer.name].distance)


def _norm(row: Row, first: ByName, last: ByName) -> str:
    return norm(last[row.layer.name].output_grad.log10_l2)


def _grown(field: str) -> Callable[[Row, ByName, ByName], str]:
    """The largest share among the row's layer and those behind it: at first, and at last if that differs."""

    def text(row: Row, first: ByName, last: ByName) -> str:
        names = [layer.name for layer in (row.layer, *row.behind)]
        there = [name for name in names if getattr(last[name], field) is not None]
        if not there:
            return NOTHING
        name = max(there, key=lambda each: float(getattr(last[each], field)))
        before, after = (share(getattr(layers[name], field)) for layers in (first, last))
        return after if before == after else f"{before} → {after}"

    return text


TRAINING_COLUMNS: tuple[TrainingColumn, ...] = (
    TrainingColumn("|∂L/∂y|", _norm),
    TrainingColumn("moved", _moved),
    TrainingColumn("dead", _grown("dead_fraction")),
    TrainingColumn("saturated", _grown("saturated_fraction")),
)
"""In the order in which they are shown; the last ones go first where there is no room."""
