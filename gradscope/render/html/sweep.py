"""The page of a sweep: its map, its axes, its best and worst points, what failed."""

from collections.abc import Iterator

from gradscope.numerals import count
from gradscope.render.html.markup import element, escaped, path, text
from gradscope.render.html.page import Link, badge, figures, page, section
from gradscope.render.options import RenderOptions
from gradscope.render.pictures.sweep import sweep_pictures
from gradscope.render.quantities import NOTHING, ratio
from gradscope.render.sweep_totals import totals
from gradscope.sweeping.summary import PointSummary, Summary


def render(found: Summary, options: RenderOptions) -> str:
    """The whole page."""
    return page(f"sweep of {found.name}", _parts(found), _links(found))


def _links(found: Summary) -> list[Link]:
    points = [("points", "Points")] if found.best or found.worst else []
    return [("pictures", "Pictures"), *points, *([("failed", "Failed")] if found.failures else [])]


def _parts(found: Summary) -> Iterator[str]:
    yield element("h1", path(found.name))
    yield text("p", totals(found))
    yield section("pictures", "Pictures", [figures(sweep_pictures(found))])
    lists = [("Best", found.best), ("Worst", found.worst)]
    if found.best or found.worst:
        yield section(
            "points", "Points", [part for title, points in lists for part in _points(title, points)]
        )
    if found.failures:
        items = (
            element(
                "li",
                f"{count(failure.points, 'point')}: {escaped(failure.error)} ",
                text("code", failure.command),
            )
            for failure in found.failures
        )
        yield section("failed", "Failed", [element("ul", *items)])


def _points(title: str, points: tuple[PointSummary, ...]) -> Iterator[str]:
    if points:
        yield text("h3", title)
        yield element("ul", *(element("li", _point(point)) for point in points))


def _point(point: PointSummary) -> str:
    flow = NOTHING if point.log10_ratio is None else ratio(point.log10_ratio)
    return f"{badge(point.verdict)} {escaped(f'first/last {flow}')} {text('code', point.command)}"
