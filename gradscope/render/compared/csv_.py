"""The comparison as CSV: a row for each layer of either side, headed by the names of the JSON with dots."""

import csv
import io
from typing import Any

import msgspec

from gradscope.comparing.comparison import Change, LayerPair
from gradscope.render.compared import Compared
from gradscope.render.compared.json_ import figures
from gradscope.render.options import RenderOptions

_FIGURES = ("output_grad", "weight_grad", "update_ratio", "output_rms", "dead_fraction", "saturated_fraction")


def render(found: Compared, options: RenderOptions) -> str:
    """Empty where a side has no such layer or quantity."""
    columns = ["name", "kind", "only"]
    columns += [f"{side}.{name}" for side in ("a", "b") for name in _FIGURES]
    columns += [f"change.{name}" for name in Change.__struct_fields__]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_row, found.comparison.layers))
    return text.getvalue()


def _row(pair: LayerPair) -> dict[str, Any]:
    row: dict[str, Any] = {"name": pair.name, "only": pair.only}
    for side, layer in (("a", pair.a), ("b", pair.b)):
        if layer is not None:
            row["kind"] = layer.kind
            row |= {f"{side}.{name}": number for name, number in figures(layer).items()}
    changes: dict[str, Any] = msgspec.structs.asdict(pair.change)
    return row | {f"change.{name}": number for name, number in changes.items()}
