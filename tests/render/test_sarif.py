"""Against the SARIF 2.1.0 schema, read back by sarif-tools, and by what code scanning asks for beyond the
schema."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.render.sarif import render
from gradscope.rules import RULES
from tests.render import outcomes, reports

SCHEMA = Path(__file__).parents[1] / "data" / "sarif-2.1.0-rtm.5.json"


def run_of(outcome: Outcome) -> dict[str, Any]:
    (run,) = json.loads(render(outcome, RenderOptions()))["runs"]
    return run


@pytest.mark.parametrize("name", outcomes.OUTCOMES)
def test_every_outcome_is_valid(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    text = render(outcomes.OUTCOMES[name](), RenderOptions())
    errors = jsonschema.Draft4Validator(schema).iter_errors(json.loads(text))
    assert [error.message for error in errors] == []
    assert text.isascii()


def test_sarif_tools_reads_it(tmp_path: Path) -> None:
    loader = pytest.importorskip("sarif.loader")
    file = tmp_path / "report.sarif"
    file.write_text(render(outcomes.mixed(), RenderOptions()), encoding="utf-8")
    read = loader.load_sarif_file(str(file))
    assert read.get_distinct_tool_names() == ["gradscope"]
    findings = [finding for report in outcomes.mixed().reports for finding in report.findings]
    counts = read.get_report().get_issue_count_for_severity
    assert [counts(severity) for severity in ("error", "warning", "note")] == [
        sum(finding.severity == severity for finding in findings) for severity in ("error", "warning", "note")
    ]
    records = [record for run in read.runs for record in run.get_records()]
    assert records[0]["Location"].replace("\\", "/") == "networks/configs/deep_sigmoid.yaml"
    assert (records[0]["Line"], records[0]["Code"]) == (8, "GS101")


def test_rules_are_listed_once_with_help_and_level() -> None:
    run = run_of(outcomes.mixed())
    listed = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in listed] == [*RULES]
    for result in run["results"]:
        assert listed[result["ruleIndex"]]["id"] == result["ruleId"]
    first = listed[0]
    assert first["defaultConfiguration"]["level"] == "error"
    assert RULES["GS101"].remedy in first["help"]["text"]
    assert "```yaml" in first["help"]["markdown"]
    assert {rule["defaultConfiguration"]["level"] for rule in listed} == {"error", "warning", "note"}


def test_a_result_has_its_place_in_the_repository() -> None:
    result = run_of(Outcome((reports.vanishing(),), repository=outcomes.HERE))["results"][0]
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "networks/configs/deep_sigmoid.yaml"},
        "region": {"startLine": 8, "startColumn": 9},
    }
    assert location["logicalLocations"][0]["name"] == "dense1"
    assert result["level"] == "error"
    assert "baselineState" not in result


def test_what_has_no_line_stands_at_the_first() -> None:
    sick = reports.vanishing()
    finding = msgspec.structs.replace(sick.findings[0], line=None, column=None, layer=None)
    report = msgspec.structs.replace(sick, findings=(finding,))
    (location,) = run_of(Outcome((report,)))["results"][0]["locations"]
    assert location["physicalLocation"]["region"] == {"startLine": 1}
    assert "logicalLocations" not in location


def test_fingerprints_stay_when_lines_move_and_differ_between_findings() -> None:
    report = reports.dead_relu()
    moved = tuple(
        msgspec.structs.replace(finding, line=(finding.line or 0) + 7, column=1, message="other")
        for finding in report.findings
    )

    def prints(outcome: Outcome) -> list[dict[str, str]]:
        return [result["partialFingerprints"] for result in run_of(outcome)["results"]]

    before = prints(Outcome((report,)))
    assert before == prints(Outcome((msgspec.structs.replace(report, findings=moved),)))
    assert len({found["primaryLocationLineHash"] for found in before}) == len(report.findings)
    assert before != prints(Outcome((msgspec.structs.replace(report, source="other.yaml"),)))


def test_a_broken_config_is_a_notification_and_no_result() -> None:
    run = run_of(Outcome((outcomes.broken(), outcomes.crashed()), repository=outcomes.HERE))
    (invocation,) = run["invocations"]
    assert run["results"] == []
    assert invocation["executionSuccessful"] is False
    notes = invocation["toolExecutionNotifications"]
    assert [note["descriptor"]["id"] for note in notes] == ["broken", "broken", "broken", "crashed"]
    assert notes[0]["message"]["text"] == "layers[1]: there is no layer 'rleu'; did you mean 'relu'?"
    place = notes[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "networks/configs/broken.yaml"
    assert place["region"] == {"startLine": 4, "startColumn": 5}
    assert notes[2]["message"]["text"].startswith("--set sed: ")


def test_a_baseline_gives_every_result_a_state() -> None:
    states = [result["baselineState"] for result in run_of(outcomes.compared())["results"]]
    new = len(reports.dead_relu().findings) - 1
    assert states == ["unchanged", *["new"] * new, *["absent"] * 8]


def test_uris_are_escaped_and_numbers_are_json() -> None:
    run = run_of(outcomes.hostile())
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert not set(uri) & set(' <>&"\\')
    assert unquote(uri, errors="surrogateescape") == "networks/configs/a b,c:d%20<e>&\x07\udce9ü.yaml"
    assert run_of(Outcome((reports.non_finite(),)))["results"][0]["properties"]["measured"] == "nan"


def test_a_config_outside_the_repository_has_a_whole_uri() -> None:
    report = msgspec.structs.replace(reports.vanishing(), source="/elsewhere/a b.yaml")
    location = run_of(Outcome((report,), repository=outcomes.HERE))["results"][0]["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "file:///elsewhere/a%20b.yaml"


def test_nothing_in_it_tells_the_time() -> None:
    outcome = outcomes.mixed()
    later = tuple(
        msgspec.structs.replace(result, wall_seconds=99.0) if result in outcome.reports else result
        for result in outcome.results
    )
    slower = msgspec.structs.replace(outcome, results=later)
    assert render(outcome, RenderOptions()) == render(slower, RenderOptions())
