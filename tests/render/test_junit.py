"""Read back by junitparser, which is how continuous integration reads it, and by ElementTree."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from gradscope.render.junit import render
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.rules import RULES
from tests.render import outcomes, reports

junitparser = pytest.importorskip("junitparser")
Golden = Callable[[str, str], None]


def document(outcome: Outcome, folder: Path) -> "junitparser.JUnitXml":
    file = folder / "report.xml"
    file.write_text(render(outcome, RenderOptions()), encoding="utf-8")
    return junitparser.JUnitXml.fromfile(str(file))


def test_a_suite_a_config_and_a_case_a_rule(tmp_path: Path) -> None:
    outcome = outcomes.mixed()
    suites = list(document(outcome, tmp_path))
    assert [suite.name for suite in suites] == [
        outcome.repository.relative(result.source) for result in outcome.results
    ]
    for suite, result in zip(suites, outcome.results, strict=True):
        cases = list(suite)
        assert {case.classname for case in cases} == {suite.name}
        assert len({case.name for case in cases}) == len(cases)
        names = [f"{name} {RULES[name].name}" for name in outcomes.JUDGED]
        assert [case.name for case in cases] == (["config"] if result in outcome.failures else names)


def test_what_fails_the_call_is_a_failed_case(tmp_path: Path) -> None:
    suite = next(iter(document(outcomes.mixed(), tmp_path)))
    failed = {case.name: case.result[0] for case in suite if case.result}
    assert list(failed) == ["GS101 vanishing-gradient"]
    (failure,) = failed.values()
    finding = reports.vanishing().findings[0]
    assert isinstance(failure, junitparser.Failure)
    assert (failure.type, failure.message) == ("GS101", finding.message)
    assert failure.text.startswith(f"networks/configs/deep_sigmoid.yaml:8:9 error: {finding.message}\n")
    assert f"remedy: {finding.remedy}" in failure.text


def test_a_broken_config_is_an_error_with_every_problem(tmp_path: Path) -> None:
    suite = list(document(outcomes.mixed(), tmp_path))[1]
    (case,) = suite
    (error,) = case.result
    assert isinstance(error, junitparser.Error)
    assert (error.type, error.message) == ("broken", "3 mistakes")
    assert error.text.splitlines() == [str(problem) for problem in outcomes.broken().problems]


def test_the_numbers_add_up(tmp_path: Path) -> None:
    top = document(outcomes.mixed(), tmp_path)
    rules = len(outcomes.JUDGED)
    assert (top.tests, top.failures, top.errors, top.skipped) == (5 * rules + 2, 4, 2, 0)
    text = render(outcomes.mixed(), RenderOptions())
    tree = ElementTree.fromstring(text)
    for suite in tree.iter("testsuite"):
        cases = suite.findall("testcase")
        counts = [len(cases), *(len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error"))]
        assert counts == [int(suite.attrib[key]) for key in ("tests", "failures", "errors")]


@pytest.mark.parametrize(
    ("fails_on", "failed"),
    [(("error",), 1), (("error", "warning"), 2), ((), 1)],
    ids=["error", "warning", "never"],
)
def test_warnings_fail_where_they_fail_the_call_and_errors_always(
    fails_on: tuple[str, ...], failed: int, tmp_path: Path
) -> None:
    results = (outcomes.judged(reports.dead_relu()), outcomes.judged(reports.long()))
    assert document(Outcome(results, fails_on=fails_on), tmp_path).failures == failed


def test_what_is_known_passes_and_is_told(tmp_path: Path) -> None:
    sick = outcomes.judged(reports.vanishing())
    findings = tuple(msgspec.structs.replace(finding, known=True) for finding in sick.findings)
    outcome = Outcome((msgspec.structs.replace(sick, findings=findings),), fixed=())
    (suite,) = document(outcome, tmp_path)
    case = next(iter(suite))
    assert (case.is_passed, suite.failures) == (True, 0)
    assert "error, known from the baseline" in case.system_out


@pytest.mark.parametrize("name", outcomes.OUTCOMES)
def test_every_outcome_can_be_read(name: str, tmp_path: Path, golden: Golden) -> None:
    outcome = outcomes.OUTCOMES[name]()
    assert len(list(document(outcome, tmp_path))) == len(outcome.results)
    golden(f"render/check-{name}.xml", render(outcome, RenderOptions()))


def test_hostile_texts_are_data(tmp_path: Path) -> None:
    suite = next(iter(document(outcomes.hostile(), tmp_path)))
    failure = next(iter(suite)).result[0]
    assert suite.name == "networks/configs/a b,c:d%20<e>&\\x07\\udce9ü.yaml"
    assert failure.message == 'a <b> & "c" 100% | ::error::\\x1b[31m\\nnext, line: ]]>'
