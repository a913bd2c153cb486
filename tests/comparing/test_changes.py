import msgspec

from gradscope.comparing.changes import finding_changes
from gradscope.report import Report
from gradscope.rules.base import Finding
from tests.render import reports


def with_findings(*findings: Finding, judged: tuple[str, ...] = ()) -> Report:
    return msgspec.structs.replace(reports.single(), findings=findings, judged=judged)


def vanishing(layer: str, severity: str = "error") -> Finding:
    return reports.finding("GS101", severity, layer, "message", "remedy")


def names(findings: tuple[Finding, ...]) -> list[tuple[str, str | None, str]]:
    return [(finding.rule, finding.layer, finding.severity) for finding in findings]


def test_the_flow_is_the_networks_own_wherever_its_first_layer_is() -> None:
    found = finding_changes(with_findings(vanishing("dense1")), with_findings(vanishing("conv1")))
    assert (found.gained, found.lost) == ((), ())


def test_dead_units_are_told_apart_by_layer() -> None:
    a = with_findings(reports.dead_units("relu1", 0.6), reports.dead_units("relu2", 0.6))
    b = with_findings(reports.dead_units("relu2", 0.6), reports.dead_units("relu3", 0.6))
    found = finding_changes(a, b)
    assert names(found.gained) == [("GS201", "relu3", "warning")]
    assert names(found.lost) == [("GS201", "relu1", "warning")]


def test_what_became_worse_is_gained_and_what_became_milder_is_lost() -> None:
    mild, bad = with_findings(vanishing("dense1", "warning")), with_findings(vanishing("dense1"))
    assert names(finding_changes(mild, bad).gained) == [("GS101", "dense1", "error")]
    assert finding_changes(mild, bad).lost == ()
    assert finding_changes(bad, mild).gained == ()
    assert names(finding_changes(bad, mild).lost) == [("GS101", "dense1", "error")]


def test_a_rule_that_judged_one_side_only_tells_nothing() -> None:
    a = with_findings(judged=("GS102",))
    b = with_findings(vanishing("dense1"), judged=("GS101", "GS102"))
    found = finding_changes(a, b)
    assert (found.gained, found.lost, found.unjudged) == ((), (), ("GS101",))


def test_a_report_that_does_not_say_what_judged_it_is_compared_all_the_same() -> None:
    b = with_findings(vanishing("dense1"), judged=("GS101",))
    assert names(finding_changes(with_findings(), b).gained) == [("GS101", "dense1", "error")]


def test_a_rule_of_a_later_version_is_told_apart_by_layer() -> None:
    new = msgspec.structs.replace(vanishing("dense1"), rule="GS999")
    moved = msgspec.structs.replace(new, layer="dense2")
    assert len(finding_changes(with_findings(new), with_findings(moved)).gained) == 1
