"""The sheet of a run: the pictures of every report."""

from collections.abc import Iterator

from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.render.pictures.picture import Picture
from gradscope.render.pictures.report import report_pictures
from gradscope.render.png.sheet import sheet


def render(outcome: Outcome, options: RenderOptions) -> bytes:
    """The whole file; nothing where no config could be judged."""
    reports = outcome.reports
    if len(reports) == 1:
        return sheet(
            f"{reports[0].name}: {reports[0].verdict.replace('_', '-')}", _pictures(outcome, names=False)
        )
    return sheet("gradscope run", _pictures(outcome, names=True))


def _pictures(outcome: Outcome, *, names: bool) -> Iterator[tuple[str, Picture]]:
    for report in outcome.reports:
        for picture in report_pictures(report):
            yield (f"{report.name} ({report.verdict.replace('_', '-')})" if names else "", picture)
