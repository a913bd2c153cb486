from gradscope.render.findings import groups, sentence
from tests.render import reports


def test_findings_of_one_rule_and_severity_stand_together() -> None:
    found = groups(reports.dead_relu().findings)
    assert [(group.alike[0].severity, len(group.alike)) for group in found] == [("error", 1), ("warning", 5)]


def test_a_cause_of_nothing_that_is_shown_stands_for_itself() -> None:
    causes = tuple(finding for finding in reports.explained().findings if finding.explains)
    assert [group.causes for group in groups(causes)] == [(), (), ()]


def test_every_finding_is_in_one_group() -> None:
    findings = reports.explained().findings
    found = [each for group in groups(findings) for part in (group, *group.causes) for each in part.alike]
    assert sorted(map(id, found)) == sorted(map(id, findings))


def test_the_layer_is_named_unless_the_message_names_it() -> None:
    named = reports.finding("GS101", "error", "dense1", "the gradient at dense1 is tiny", "")
    unnamed = reports.finding(
        "GS101", "error", "dense1", "the gradient at dense12 or residual2.dense1 is tiny", ""
    )
    nowhere = reports.finding("GS101", "error", None, "the loss is odd", "", line=None)
    assert sentence(named) == "line 8: the gradient at dense1 is tiny"
    assert sentence(unnamed).startswith("dense1, line 8: the gradient at dense12")
    assert sentence(nowhere) == "the loss is odd"


def test_a_sentence_may_end_with_the_name() -> None:
    named = reports.finding("GS101", "error", "residual2.dense1", "nothing reaches residual2.dense1.", "")
    assert sentence(named) == "line 8: nothing reaches residual2.dense1."
