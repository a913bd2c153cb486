"""The page of a training: what the steps did, then the report of the start."""

from collections.abc import Iterator

from gradscope.numerals import count
from gradscope.render.html.markup import text
from gradscope.render.html.page import Link, facts, figures, page, section
from gradscope.render.html.report import header, report_sections, section_links
from gradscope.render.options import RenderOptions
from gradscope.render.pictures.training import training_pictures
from gradscope.render.quantities import setting, value
from gradscope.report import TrainingReport

_ENDS = {
    "done": "all steps were done",
    "interrupted": "interrupted",
    "non_finite": "stopped at a NaN or an infinity",
}


def render(report: TrainingReport, options: RenderOptions) -> str:
    """The whole page."""
    links: list[Link] = [("training", "Training"), *section_links(report)]
    return page(f"{report.name}: {report.verdict}", _parts(report), links)


def _parts(report: TrainingReport) -> Iterator[str]:
    yield header(report)
    yield section("training", "Training", [facts(_facts(report)), figures(training_pictures(report), "t-")])
    yield text(
        "p", "What follows, and the flow above, is before the first update; findings are of the course too."
    )
    yield from report_sections(report)


def _facts(report: TrainingReport) -> Iterator[tuple[str, str]]:
    setup = report.training
    clip = "" if setup.clip is None else f", clipped to norm {setting(setup.clip)}"
    yield "optimiser", f"{setup.optimizer}, learning rate {setting(setup.lr)}{clip}"
    if report.losses:
        yield "loss", f"{value(report.losses[0])} at the start, {value(report.losses[-1])} at the end"
    done = len(report.losses) - 1 if report.losses else 0
    yield (
        "steps",
        f"{count(max(done, 0), 'step')} of {setup.steps:,}: {_ENDS.get(report.ended, report.ended)}",
    )
