"""Turns the report of a training into text: pages of its own for people, the common ones for machines."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gradscope.render import RENDERERS, render

if TYPE_CHECKING:
    from gradscope.render.options import RenderOptions
    from gradscope.render.outcome import Outcome
    from gradscope.report import TrainingReport

OF_STEPS: dict[str, str] = {
    "table": "gradscope.render.training.table",
    "csv": "gradscope.render.training.csv_",
    "markdown": "gradscope.render.training.markdown",
    "html": "gradscope.render.html.training",
    "png": "gradscope.render.png.training",
}
"""Formats that show the steps in a way of their own."""

TRAINING_RENDERERS: tuple[str, ...] = (*RENDERERS, "png")
"""Formats of a training's report, the default first."""


def render_training(form: str, outcome: Outcome, options: RenderOptions) -> str | bytes:
    """The one report of the outcome in one of the formats."""
    report: TrainingReport
    if form not in OF_STEPS:
        return render(form, outcome, options)
    (report,) = outcome.reports  # type: ignore[assignment]
    text: str | bytes = import_module(OF_STEPS[form]).render(report, options)
    return text
