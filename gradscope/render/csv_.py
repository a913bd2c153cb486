"""The report as CSV: a row for each layer, headed by the names of the JSON with dots."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

import msgspec

from gradscope.probe.summary import LayerSummary
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome


def render(outcome: Outcome, options: RenderOptions) -> str:
    """Every layer of every report; empty where it has no such quantity; nan, inf and -inf as words.

    The columns are the same for every report; only weights of several matrices add those of their parts.
    """
    rows = [
        {"config": report.name, "source": report.source} | dict(cells_of(layer))
        for report in outcome.reports
        for layer in report.to_dict()["layers"]
    ]
    known = ["config", "source", *_names(LayerSummary)]
    columns = dict.fromkeys([*known, *(name for row in rows for name in row)])
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _names(record: type[msgspec.Struct], prefix: str = "") -> Iterator[str]:
    """The names of all single values in a record and the records in it."""
    for field in msgspec.structs.fields(record):
        kinds = [kind for kind in (field.type, *get_args(field.type)) if isinstance(kind, type)]
        inner = [kind for kind in kinds if issubclass(kind, msgspec.Struct)]
        if inner:
            yield from _names(inner[0], f"{prefix}{field.name}.")
        elif not _is_open(field.type):
            yield prefix + field.name


def _is_open(kind: Any) -> bool:
    """Whether the names inside are only known from the values: a mapping, or nothing so far."""
    return kind is type(None) or any(get_origin(part) is dict for part in (kind, *get_args(kind)))


def cells_of(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The single values in plain data, by their names with dots."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from cells_of(value, f"{prefix}{name}.")
        elif value is not None:
            yield prefix + name, _cell(value)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, list):
        return value
    return ("x" if all(isinstance(part, int) for part in value) else " ").join(map(str, value))
