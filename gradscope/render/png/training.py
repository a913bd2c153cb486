"""The sheet of a training: what the steps did, then the pictures of the start."""

from gradscope.render.options import RenderOptions
from gradscope.render.pictures.report import report_pictures
from gradscope.render.pictures.training import training_pictures
from gradscope.render.png.sheet import sheet
from gradscope.report import TrainingReport


def render(report: TrainingReport, options: RenderOptions) -> bytes:
    """The whole file."""
    course = [("", picture) for picture in training_pictures(report)]
    start = [("before training", picture) for picture in report_pictures(report)]
    return sheet(f"{report.name}: {report.verdict.replace('_', '-')}", [*course, *start])
