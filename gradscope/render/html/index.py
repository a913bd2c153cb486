"""Many configs at a glance: a row each, with the verdict and the gradient by depth as a small line."""

import math

from gradscope.render.html.markup import element, number, path, text
from gradscope.render.html.page import badge, framed_table
from gradscope.render.html.scales import Scale, span
from gradscope.render.outcome import Failure, Outcome
from gradscope.render.pictures.report import LEAST_DECADES
from gradscope.render.quantities import ratio
from gradscope.render.rows import rows_of
from gradscope.render.tally import report_words
from gradscope.report import Report

_HEADS = ("config", "verdict", "gradient, input to output", "first/last", "risk")
_WIDTH, _HEIGHT = 120.0, 24.0


def index_table(outcome: Outcome) -> str:
    """A row a config, in their order."""
    heads = [text("th", head, scope="col") for head in _HEADS]
    heads.append(text("th", "findings", scope="col", class_="left"))
    rows = (_row(number, result) for number, result in enumerate(outcome.results))
    return framed_table("".join(heads), rows, "All configs")


def _row(number: int, result: Report | Failure) -> str:
    if isinstance(result, Failure):
        cells = [text("td", result.word, class_="error"), "<td></td>" * 4]
        return element("tr", element("th", element("span", path(result.source)), scope="row"), *cells)
    link = element("a", path(result.source), href=f"#r{number + 1}")
    return element(
        "tr",
        element("th", link, scope="row"),
        element("td", badge(result.verdict)),
        element("td", spark(result)),
        text("td", ratio(result.flow.log10_ratio)),
        text("td", f"{result.flow.risk:.2f}"),
        text("td", report_words(result), class_="left"),
    )


def spark(report: Report) -> str:
    """The gradient by depth without axes, in words for those who cannot see it."""
    numbers = [row.layer.output_grad.log10_l2 for row in rows_of(report) if row.depth == 0]
    up = Scale(*span(numbers, least=LEAST_DECADES), _HEIGHT - 3.0, 3.0)
    along = Scale(0.0, max(1.0, len(numbers) - 1.0), 3.0, _WIDTH - 3.0)
    points = [
        f"{number(along(i))} {number(up(each))}" for i, each in enumerate(numbers) if math.isfinite(each)
    ]
    line = element("path", class_="s0 line", d=f"M{'L'.join(points)}") if len(points) > 1 else ""
    words = f"gradient of {report.name} by depth, first over last {ratio(report.flow.log10_ratio)}"
    box = f"0 0 {number(_WIDTH)} {number(_HEIGHT)}"
    return element("svg", line, viewBox=box, class_="spark", role="img", aria_label=words)
