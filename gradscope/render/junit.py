"""Reports as JUnit XML: a suite a config, a case a rule judged, a broken config a case with an error.

A case fails when a finding of its rule fails the call; where nothing is to fail it, when there is an error,
so that what is wrong is seen. Findings that a baseline has, and milder ones, are the output of a passing
case.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gradscope.render.advice import background
from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Failure, Outcome
from gradscope.report import Report
from gradscope.rules import RULES
from gradscope.rules.base import Finding


def render(outcome: Outcome, options: RenderOptions) -> str:
    """A whole document, also when there is nothing to tell."""
    top = Element("testsuites", name="gradscope")
    for result in outcome.results:
        name = visible(outcome.repository.relative(result.source))
        suite = SubElement(top, "testsuite", name=name)
        if isinstance(result, Failure):
            _broken(suite, result)
        else:
            _judged(suite, result, outcome)
        _count(suite, [suite])
    _count(top, top.findall("testsuite"))
    indent(top)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(top, encoding="unicode")}\n'


def _broken(suite: Element, failure: Failure) -> None:
    case = SubElement(suite, "testcase", classname=suite.attrib["name"], name="config")
    problems = [visible(str(problem)) for problem in failure.problems]
    message = problems[0] if len(problems) == 1 else f"{len(problems)} mistakes"
    SubElement(case, "error", type=failure.word, message=message).text = "\n".join(problems)


def _judged(suite: Element, report: Report, outcome: Outcome) -> None:
    suite.set("time", f"{report.wall_seconds:.3f}")
    properties = SubElement(suite, "properties")
    for name, value in (
        ("name", visible(report.name)),
        ("verdict", report.verdict),
        ("log10_ratio", str(report.flow.log10_ratio)),
        ("config_sha256", report.config_sha256),
    ):
        SubElement(properties, "property", name=name, value=value)
    for rule in report.judged:
        found = [finding for finding in report.findings if finding.rule == rule]
        case = SubElement(
            suite, "testcase", classname=suite.attrib["name"], name=f"{rule} {RULES[rule].name}"
        )
        failing = [finding for finding in found if _fails(finding, outcome)]
        if failing:
            failure = SubElement(case, "failure", type=rule, message=visible(failing[0].message))
            failure.text = _text(failing, report, suite.attrib["name"])
        others = [finding for finding in found if finding not in failing]
        if others:
            SubElement(case, "system-out").text = _text(others, report, suite.attrib["name"])


def _fails(finding: Finding, outcome: Outcome) -> bool:
    shown = outcome.fails(finding) or (not outcome.fails_on and finding.severity == "error")
    return shown and not finding.known


def _text(findings: Sequence[Finding], report: Report, name: str) -> str:
    lines = []
    for finding in findings:
        place = ":".join(str(part) for part in (name, finding.line, finding.column) if part is not None)
        known = ", known from the baseline" if finding.known else ""
        why = f", explains {finding.explains}" if finding.explains else ""
        lines.append(f"{place} {finding.severity}{known}{why}: {visible(finding.message)}")
    return "\n".join([*lines, *background(findings, report)])


def _count(element: Element, suites: Sequence[Element]) -> None:
    cases = [case for suite in suites for case in suite.findall("testcase")]
    element.set("tests", str(len(cases)))
    for kind in ("failure", "error"):
        element.set(f"{kind}s", str(sum(case.find(kind) is not None for case in cases)))
    element.set("skipped", "0")
