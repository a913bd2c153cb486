"""The portraits as CSV: a row each, headed by the names of the JSON with dots."""

import csv
import io
from typing import Any

import msgspec

from gradscope.render.activations import Gallery
from gradscope.render.options import RenderOptions
from gradscope.theory.portrait import Moments, Portrait

_HEADS = (
    *(
        "name",
        "range.low",
        "range.high",
        "max_slope",
        "saturates",
        "fades_below",
        "fades_above",
        "zero_centred",
    ),
    *(f"moments.{name}" for name in Moments.__struct_fields__),
)


def render(gallery: Gallery, options: RenderOptions) -> str:
    """Empty where an activation has no such quantity."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _HEADS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_row, gallery.portraits))
    return text.getvalue()


def _row(found: Portrait) -> dict[str, Any]:
    low, high = found.value_range or (None, None)
    row: dict[str, Any] = {
        "name": found.name,
        "range.low": low,
        "range.high": high,
        "max_slope": found.max_slope,
        "saturates": str(found.saturates).lower(),
        "fades_below": found.fades_below,
        "fades_above": found.fades_above,
    }
    if found.moments is not None:
        row["zero_centred"] = str(found.moments.is_centred).lower()
        row |= {f"moments.{name}": number for name, number in msgspec.structs.asdict(found.moments).items()}
    return row
