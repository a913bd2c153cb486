"""What a call over many configs comes to, in numbers and words."""

from collections import Counter

from gradscope.numerals import count
from gradscope.render.outcome import Outcome
from gradscope.report import Report
from gradscope.rules.base import Finding

SEVERITIES = ("error", "warning", "note")


def passes(report: Report, outcome: Outcome) -> bool:
    """Whether no finding of the report fails the call."""
    return not any(outcome.fails(finding) for finding in report.findings)


def shown_findings(report: Report, *, full: bool) -> tuple[Finding, ...]:
    """The findings to be told: those a baseline has only in full."""
    return tuple(finding for finding in report.findings if full or not finding.known)


def config_words(outcome: Outcome) -> str:
    """How many configs there were, and what came of them: `5 configs: 3 pass, 1 fails, 1 broken`."""
    passing = sum(passes(report, outcome) for report in outcome.reports)
    failing = len(outcome.reports) - passing
    words = [
        words
        for number, words in (
            (passing, f"{passing} {'passes' if passing == 1 else 'pass'}"),
            (failing, f"{failing} {'fails' if failing == 1 else 'fail'}"),
            (len(outcome.failures), f"{len(outcome.failures)} broken"),
        )
        if number
    ]
    total = count(len(outcome.results), "config")
    return f"{total}: {', '.join(words)}" if words else total


def finding_words(outcome: Outcome) -> str:
    """How many findings of each severity there are, and what a baseline says of them; "" when none."""
    words = _counted([finding for report in outcome.reports for finding in report.findings], "baseline")
    if outcome.fixed:
        words.append(f"{len(outcome.fixed)} of the baseline fixed")
    return ", ".join(words)


def report_words(report: Report) -> str:
    """How many findings of each severity a config has, known ones apart."""
    return ", ".join(_counted(report.findings, ""))


def _counted(findings: tuple[Finding, ...] | list[Finding], source: str) -> list[str]:
    new = Counter(finding.severity for finding in findings if not finding.known)
    words = [count(new[severity], severity) for severity in SEVERITIES if new[severity]]
    known = sum(finding.known for finding in findings)
    if known:
        words.append(f"{known} known" + (f" from the {source}" if source else ""))
    return words
