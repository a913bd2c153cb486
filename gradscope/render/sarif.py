"""Reports as SARIF 2.1.0, for code scanning. No time stamps: the same input gives the same bytes.

A config that could not be judged is a notification of the tool's execution and no result, as nothing is known
of its network; `executionSuccessful` is false then. A finding's fingerprint is made of rule, layer and
config: it stays the same alert when lines move.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from gradscope import __version__
from gradscope.baseline import Entry, fingerprint
from gradscope.render.advice import advice
from gradscope.render.characters import visible
from gradscope.render.explanation import body_markdown, body_text
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Failure, Outcome
from gradscope.report import Report, json_safe
from gradscope.repository import Repository
from gradscope.rules import RULES
from gradscope.rules.base import Finding, Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_INDEX = {name: number for number, name in enumerate(RULES)}
_NOTIFICATIONS = {
    "broken": "The config cannot be read, understood or built.",
    "crashed": "gradscope itself failed; please report it.",
}


def render(outcome: Outcome, options: RenderOptions) -> str:
    """One run; valid JSON in ASCII."""
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not outcome.failures,
                "toolExecutionNotifications": [
                    note for failure in outcome.failures for note in _notifications(failure, outcome)
                ],
            }
        ],
        "results": [result for report in outcome.reports for result in _results(report, outcome)]
        + [_absent(entry) for entry in outcome.fixed or ()],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _driver() -> dict[str, Any]:
    return {
        "name": "gradscope",
        "semanticVersion": __version__,
        "version": __version__,
        "shortDescription": {
            "text": "Finds vanishing and exploding gradients and dead units before training."
        },
        "rules": [_rule(rule) for rule in RULES.values()],
        "notifications": [
            {"id": name, "shortDescription": {"text": text}} for name, text in _NOTIFICATIONS.items()
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": body_text(rule), "markdown": body_markdown(rule)},
        "defaultConfiguration": {"level": rule.severities[0].name},
        "properties": {"slug": rule.name, "limits": rule.limits},
    }


def _results(report: Report, outcome: Outcome) -> Iterator[dict[str, Any]]:
    path = outcome.repository.relative(report.source)
    for finding in report.findings:
        result = {
            "ruleId": finding.rule,
            "ruleIndex": _INDEX[finding.rule],
            "level": finding.severity,
            "message": {"text": advice([finding], report)},
            "locations": [_location(path, finding.line, finding.column, finding.layer)],
            "partialFingerprints": _fingerprints(finding, path),
            "properties": _properties(finding, report),
        }
        if outcome.fixed is not None:
            result["baselineState"] = "unchanged" if finding.known else "new"
        yield result


def _fingerprints(finding: Finding, path: str) -> dict[str, str]:
    """The second is the one that GitHub compares."""
    value = fingerprint(finding.rule, finding.layer, path)
    return {"gradscope/v1": value, "primaryLocationLineHash": value}


def _absent(entry: Entry) -> dict[str, Any]:
    """A finding of the baseline that is gone."""
    value = fingerprint(entry.rule, entry.layer, entry.config)
    return {
        "ruleId": entry.rule,
        **({"ruleIndex": _INDEX[entry.rule]} if entry.rule in _INDEX else {}),
        "level": entry.severity,
        "message": {"text": "fixed"},
        "locations": [_location(entry.config, None, None, entry.layer)],
        "partialFingerprints": {"gradscope/v1": value, "primaryLocationLineHash": value},
        "baselineState": "absent",
    }


def _properties(finding: Finding, report: Report) -> dict[str, Any]:
    properties = {
        "measured": finding.measured,
        "limit": finding.limit,
        "trials_fired": finding.trials_fired,
        "trials": report.trials,
        "explains": finding.explains,
        "config": visible(report.name),
        "config_sha256": report.config_sha256,
    }
    plain: dict[str, Any] = json_safe(properties)
    return plain


def _location(path: str, line: int | None, column: int | None, layer: str | None) -> dict[str, Any]:
    """Where nothing has a line the first one stands in: code scanning shows no result without."""
    region = {"startLine": line or 1} | ({} if column is None else {"startColumn": column})
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(path)}, "region": region}
    }
    if layer is not None:
        location["logicalLocations"] = [{"name": layer, "fullyQualifiedName": layer, "kind": "member"}]
    return location


def _notifications(failure: Failure, outcome: Outcome) -> Iterator[dict[str, Any]]:
    repository: Repository = outcome.repository
    for problem in failure.problems:
        is_here = problem.place.source == failure.source
        words = str(problem) if not is_here else problem.fact + (f"; {problem.hint}" if problem.hint else "")
        line, column = (problem.place.line, problem.place.column) if is_here else (None, None)
        yield {
            "descriptor": {"id": failure.word, "index": [*_NOTIFICATIONS].index(failure.word)},
            "level": "error",
            "message": {"text": visible(words)},
            "locations": [_location(repository.relative(failure.source), line, column, None)],
        }


def _uri(path: str) -> str:
    """Relative inside the repository; elsewhere of the scheme `file`."""
    quoted = quote(path.encode("utf-8", "surrogateescape"), safe="/")
    return f"file://{quoted}" if path.startswith("/") else quoted
