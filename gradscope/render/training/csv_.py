"""A training as CSV: a row for each layer of each measured step, headed by the JSON's names with dots."""

import csv
import io

from gradscope.render.csv_ import cells_of
from gradscope.render.options import RenderOptions
from gradscope.report import TrainingReport


def render(report: TrainingReport, options: RenderOptions) -> str:
    """What belongs to the whole step stands in every row of it; empty where there is no such quantity."""
    rows = []
    for step in report.to_dict()["steps"]:
        layers = step.pop("layers")
        whole = dict(cells_of(step))
        rows += [whole | {f"layer.{name}": cell for name, cell in cells_of(layer)} for layer in layers]
    columns = dict.fromkeys(name for row in rows for name in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
