"""A saved JSON report, read again as the record it was written from."""

from __future__ import annotations

import json
import reprlib
import types
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from gradscope.comparing.consistency import contradiction, impossible
from gradscope.errors import Place, Problem, UserError
from gradscope.report import SCHEMA_VERSION, Report

_HINT = "write one with `gradscope run CONFIG --format json -o FILE`"
_VERSION = "schema_version"
_OF_REPORTS = frozenset({_VERSION, "gradscope_version", "verdict", "findings", "reports"})
"""Keys of reports that no config has."""


def is_report(content: str) -> bool:
    """Whether a text is meant for a report of gradscope rather than for a config."""
    if not content.lstrip("\ufeff \t\r\n").startswith("{"):
        return False
    try:
        document = json.loads(content.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return any(f'"{key}"' in content for key in _OF_REPORTS)
    return isinstance(document, dict) and not _OF_REPORTS.isdisjoint(document)


def read_report(content: str, source: str) -> Report:
    """The report in a text.

    Args:
        content: JSON, of one config.
        source: what to call the text in an error.

    Raises:
        UserError: it is no report, or one that this version cannot read.
    """
    try:
        document = json.loads(content.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        fact = str(error).partition(";")[0]  # behind it Python says what a program could do about it
        raise _unreadable(source, f"this is no JSON: {fact}") from error
    document = _single(document, source)
    version = document.get(_VERSION)
    if version is None:
        raise _unreadable(source, f"there is no {_VERSION} in it, which every report of gradscope has")
    if version != SCHEMA_VERSION:
        told = reprlib.repr(version)
        raise UserError(
            [
                Problem(
                    Place(source),
                    f"the report has schema_version {told}, and this gradscope reads {SCHEMA_VERSION}",
                    "install the gradscope that wrote it, or run the config again",
                )
            ]
        )
    try:
        # Not strict: numbers that are none are words in the file.
        report = msgspec.convert(_completed(document, Report), Report, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _unreadable(source, f"this is no report of a config: {error}") from error
    if (wrong := impossible(report)) is not None:
        raise _unreadable(source, f"this is no report of a config: {wrong}")
    if (wrong := contradiction(report)) is not None:
        raise _unreadable(source, f"the report contradicts itself: {wrong}")
    return report


def _single(document: Any, source: str) -> dict[str, Any]:
    """The one report of a document, which may be a list of them."""
    reports = document.get("reports") if isinstance(document, dict) else None
    if isinstance(reports, list):
        if len(reports) != 1:
            raise _unreadable(source, f"this holds {len(reports)} reports, and one can be compared")
        document = reports[0]
    if not isinstance(document, dict):
        raise _unreadable(source, "this is no report of a config")
    return document


def _completed(value: Any, kind: Any) -> Any:
    """The value with None for every key that an older version did not write and that may be None."""
    record, item = _inner(kind)
    if record is not None and isinstance(value, dict):
        hints = _types(record)
        return dict.fromkeys(_optional(record)) | {
            name: _completed(part, hints[name]) if name in hints else part for name, part in value.items()
        }
    if isinstance(value, list) and item is not None:
        return [_completed(part, item) for part in value]
    if isinstance(value, Mapping) and item is not None:
        return {name: _completed(part, item) for name, part in value.items()}
    return value


@lru_cache(maxsize=64)
def _types(record: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(record)


@lru_cache(maxsize=64)
def _optional(record: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields without a default that may be None."""
    fields = msgspec.structs.fields(record)
    return tuple(
        field.name
        for field in fields
        if field.required and type(None) in get_args(_types(record)[field.name])
    )


@lru_cache(maxsize=256)
def _inner(kind: Any) -> tuple[type[msgspec.Struct] | None, Any]:
    """The record a type stands for, and the type of the entries where it is a tuple or a mapping."""
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    for each in kinds:
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            return each, None
        if get_origin(each) in (tuple, dict):
            return None, next(arg for arg in reversed(get_args(each)) if arg is not Ellipsis)
    return None, None


def _unreadable(source: str, fact: str) -> UserError:
    return UserError([Problem(Place(source), fact, _HINT)])
