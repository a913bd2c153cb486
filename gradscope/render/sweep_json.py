"""A sweep as one JSON document: its summary, and every point as a line of an export."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gradscope.report import SCHEMA_VERSION, json_safe
from gradscope.sweeping.summary import Summary


def render(summary: Summary, points: Iterable[Mapping[str, Any]]) -> str:
    """Valid JSON in ASCII, with strings for numbers that are not finite; a point a line."""
    told = {"schema_version": SCHEMA_VERSION, "summary": json_safe(msgspec.to_builtins(summary))}
    head = json.dumps(told, indent=2, allow_nan=False).removesuffix("\n}")
    lines = ",\n    ".join(json.dumps(json_safe(point), allow_nan=False) for point in points)
    return f'{head},\n  "points": [\n    {lines}\n  ]\n}}\n'
