"""Finds the smallest change that makes a config pass: ranked by theory, measured with all trials."""

import math
from collections.abc import Callable, Iterable
from itertools import islice

from msgspec import Struct

from gradscope.config.schema import Config
from gradscope.errors import GradscopeError
from gradscope.remedies.changes import Change
from gradscope.remedies.remedy import Measure, Option, Remedy
from gradscope.remedies.trials import Trial, Workshop, called
from gradscope.report import Report

MOST_MEASURED = 12
"""Single changes that are measured, and as many pairs."""

PAIRED = 6
"""Single changes that pairs are made of, those that came nearest."""


class Attempt(Struct, frozen=True):
    """One change that was tried."""

    trial: Trial
    report: Report

    @property
    def words(self) -> str:
        """What was changed."""
        return self.trial.words

    @property
    def changes(self) -> tuple[Change, ...]:
        """All its changes, in the order they are made."""
        return tuple(change for step in self.trial.steps for change in step)


class Fix(Struct, frozen=True):
    """What came of the search."""

    before: Report
    tried: tuple[Attempt, ...]
    found: Attempt | None
    """The first attempt that passes; None where none does, or where nothing was to be done."""

    @property
    def needed(self) -> bool:
        """Whether there was anything to do."""
        return not passes(self.before)

    @property
    def best(self) -> Attempt | None:
        """What was found, or else came nearest."""
        return self.found or min(self.tried, key=lambda attempt: badness(attempt.report), default=None)


Diagnose = Callable[[Config], Report]
Tell = Callable[[Attempt], None]


def passes(report: Report) -> bool:
    """Whether a report has neither an error nor a warning."""
    return not warning(report)


def warning(report: Report) -> frozenset[str]:
    """The rules of which there is an error or a warning."""
    return frozenset(finding.rule for finding in report.findings if finding.severity != "note")


def badness(report: Report) -> tuple[int, int, float]:
    """How far a report is from passing; less is better."""
    severities = [finding.severity for finding in report.findings]
    decades = abs(report.flow.log10_ratio)
    return (
        severities.count("error"),
        severities.count("warning"),
        math.inf if math.isnan(decades) else decades,
    )


def search(workshop: Workshop, before: Report, diagnose: Diagnose, progress: Tell | None = None) -> Fix:
    """Measure changes until one passes: single ones, those that are sought by measuring, pairs.

    Args:
        workshop: makes the configs.
        before: the report of the config as it is.
        diagnose: measures a config with all its trials.
        progress: told every attempt.
    """
    if passes(before):
        return Fix(before, (), None)
    bench = Bench(workshop, diagnose, progress)
    rules = fired(before)
    singles = workshop.singles(rules)
    found = bench.first(singles)
    if found is None:
        nearest = bench.nearest(singles, rules)
        found = bench.sought(rules) or bench.first(workshop.pairs(nearest))
    if found is None and _has_error(before):
        found = next((attempt for attempt in bench.tried if not _has_error(attempt.report)), None)
    return Fix(before, tuple(bench.tried), found)


def fired(report: Report) -> frozenset[str]:
    """The rules that call for something: those that warn, and those that explain one that does."""
    return frozenset(
        finding.rule for finding in report.findings if finding.severity != "note" or finding.explains
    )


class Bench:
    """Measures trials and keeps what came of them."""

    def __init__(self, workshop: Workshop, diagnose: Diagnose, progress: Tell | None = None) -> None:
        self.tried: list[Attempt] = []
        self._workshop = workshop
        self._diagnose = diagnose
        self._progress = progress

    def attempt(self, trial: Trial) -> Attempt | None:
        """Measure one trial; None where it cannot be measured, as when given targets do not fit its loss."""
        try:
            report = self._diagnose(trial.config)
        except (GradscopeError, MemoryError):
            return None
        attempt = Attempt(trial, report)
        self.tried.append(attempt)
        if self._progress:
            self._progress(attempt)
        return attempt

    def first(self, trials: Iterable[Trial]) -> Attempt | None:
        """The first that passes when measured."""
        for trial in islice(trials, MOST_MEASURED):
            attempt = self.attempt(trial)
            if attempt is not None and passes(attempt.report):
                return attempt
        return None

    def sought(self, rules: frozenset[str]) -> Attempt | None:
        """What the remedies find that seek by measuring; the first that passes."""
        at = self._workshop.at_start
        for remedy in called(rules):
            if remedy.sought is not None:
                option = remedy.sought(at, self._measure(remedy))
                done = [attempt for attempt in self.tried if option and attempt.words == option.words]
                if done and passes(done[0].report):
                    return done[0]
        return None

    def nearest(self, others: Iterable[Trial], rules: frozenset[str]) -> list[tuple[Trial, frozenset[str]]]:
        """What came nearest to passing when measured, with the rules that call for more; where little was
        measured, what was not too."""
        measured = sorted(self.tried, key=lambda attempt: badness(attempt.report))
        behind = [(attempt.trial, rules | fired(attempt.report)) for attempt in measured]
        return [*behind, *((trial, rules) for trial in others)][:PAIRED]

    def _measure(self, remedy: Remedy) -> Measure:
        def measured(option: Option) -> Report | None:
            trial = self._workshop.trial(remedy, option)
            attempt = self.attempt(trial) if trial is not None else None
            return attempt.report if attempt is not None else None

        return measured


def _has_error(report: Report) -> bool:
    return any(finding.severity == "error" for finding in report.findings)
