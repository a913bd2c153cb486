"""The report as JSON: exactly its dictionary, or a list of them when there is not exactly one."""

import json
from typing import Any

import msgspec

from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Failure, Outcome
from gradscope.report import SCHEMA_VERSION, json_safe


def render(outcome: Outcome, options: RenderOptions) -> str:
    """Valid JSON in ASCII, the same for every terminal."""
    single = not outcome.several and len(outcome.reports) == 1
    document = outcome.reports[0].to_dict() if single else _several(outcome)
    # Given an indent, the standard library leaves its fast encoder: three times as long for a deep network.
    return msgspec.json.format(json.dumps(document, allow_nan=False), indent=2) + "\n"


def _several(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "reports": [report.to_dict() for report in outcome.reports],
        "problems": json_safe([problem for failure in outcome.failures for problem in _problems(failure)]),
    }
    if outcome.fixed is not None:
        document["fixed"] = [msgspec.to_builtins(entry) for entry in outcome.fixed]
    return document


def _problems(failure: Failure) -> list[dict[str, Any]]:
    return [
        {
            "config": failure.source,
            "place": problem.place.source,
            "line": problem.place.line,
            "column": problem.place.column,
            "message": problem.fact,
            "hint": problem.hint,
            "internal": failure.is_internal,
        }
        for problem in failure.problems
    ]
