"""Finds the smallest change that makes a config pass: ranked by theory, measured with all trials."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from gradscope.build import check_network
from gradscope.build.plan import plan_of
from gradscope.config.document import Document
from gradscope.config.load import read_config
from gradscope.config.schema import Config
from gradscope.diagnosis import diagnose
from gradscope.errors import ConfigError, Mistake, Problems
from gradscope.outlook import foretell
from gradscope.remedies.catalogue import CATALOGUE, Option, Remedy, Situation
from gradscope.remedies.changes import Change, apply, unused_knobs
from gradscope.remedies.written import Written
from gradscope.report import Report

MOST_MEASURED = 12
"""Single changes that are measured, and as many pairs."""

PAIRED = 8
"""Single changes that pairs are made of, the most promising ones."""

LEVEL = 2.0
"""Decades between first and last layer within which theory expects a pass; the limits of GS101 and GS102."""


class Attempt(Struct, frozen=True):
    """One change that was tried."""

    words: str
    remedies: tuple[Remedy, ...]
    changes: tuple[Change, ...]
    config: Config
    report: Report


class Fix(Struct, frozen=True):
    """What came of the search."""

    before: Report
    tried: tuple[Attempt, ...]
    found: Attempt | None
    """The first that passes; None where nothing does, or nothing was to be done."""

    @property
    def needed(self) -> bool:
        """Whether there was anything to do."""
        return not passes(self.before)

    @property
    def best(self) -> Attempt | None:
        """What was found, or else came nearest."""
        return self.found or min(self.tried, key=lambda attempt: _badness(attempt.report), default=None)


class Trial(Struct, frozen=True):
    """A change that can be tried."""

    words: str
    remedies: tuple[Remedy, ...]
    changes: tuple[Change, ...]
    config: Config
    document: Document
    decades: float | None
    """|log10| of first over last as theory has it; None where it does not reach."""

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Those theory expects to pass first, then what alters less."""
        hopeless = self.decades is not None and not self.decades <= LEVEL
        return hopeless, sum(remedy.cost for remedy in self.remedies), len(self.changes)


Diagnose = Callable[[Config], Report]


def passes(report: Report) -> bool:
    """Whether neither an error nor a warning is left."""
    return not any(finding.severity in ("error", "warning") for finding in report.findings)


def search(
    config: Config,
    document: Document,
    overrides: dict[str, Any],
    *,
    folder: str = "",
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    jobs: int | None = None,
    progress: Callable[[Attempt], None] | None = None,
) -> Fix:
    """Measure the config, and changes to it until one passes.

    Args:
        config: read from the document with the overrides.
        document: the plain data as written.
        overrides: what is set from outside, before and after.
        folder: where paths in the config start.
        select: rules to judge by, all when empty.
        ignore: rules to leave out.
        jobs: threads at most.
        progress: told every attempt.
    """
    selected, ignored = tuple(select), tuple(ignore)

    def measured(tried: Config) -> Report:
        return diagnose(tried, select=selected, ignore=ignored, jobs=jobs)

    before = measured(config)
    if passes(before):
        return Fix(before, (), None)
    finder = _Finder(config, overrides, folder=folder, before=before, measured=measured, progress=progress)
    singles = sorted(finder.trials(document, config), key=lambda trial: trial.rank)
    found = finder.first(singles)
    if found is None:
        pairs = sorted(finder.pairs(singles), key=lambda trial: trial.rank)
        found = finder.first(pairs)
    if found is None and _has_error(before):
        found = next((attempt for attempt in finder.tried if not _has_error(attempt.report)), None)
    return Fix(before, tuple(finder.tried), found)


class _Finder:
    def __init__(
        self,
        config: Config,
        overrides: dict[str, Any],
        *,
        folder: str,
        before: Report,
        measured: Diagnose,
        progress: Callable[[Attempt], None] | None,
    ) -> None:
        self.tried: list[Attempt] = []
        self._asked = {"seed": config.seed, "trials": config.trials}
        self._overrides, self._folder = overrides, folder
        self._fired = {finding.rule for finding in before.findings if finding.severity != "note"}
        self._fired |= {finding.rule for finding in before.findings if finding.explains}
        self._measured = measured
        self._progress = progress

    def trials(self, document: Document, config: Config, behind: Trial | None = None) -> Iterator[Trial]:
        """What the rules that fired call for, or everything where none of them calls for anything."""
        at = Situation(config, Written(document.data, config.params), plan_of(config).outline)
        called = [remedy for remedy in CATALOGUE if remedy.rules & self._fired] or CATALOGUE
        for remedy in called:
            if behind and remedy.name in {taken.name for taken in behind.remedies}:
                continue
            for option in remedy.options(at):
                trial = self._trial(document, remedy, option, behind) if option.changes else None
                if trial is not None:
                    yield trial

    def pairs(self, singles: Sequence[Trial]) -> Iterator[Trial]:
        """Two changes of different remedies, one behind the other."""
        for first in sorted(singles, key=lambda trial: (trial.decades is None, trial.decades or 0.0))[
            :PAIRED
        ]:
            yield from self.trials(first.document, first.config, first)

    def first(self, trials: Sequence[Trial]) -> Attempt | None:
        """The first that passes when measured."""
        for trial in islice(trials, MOST_MEASURED):
            report = self._measured(trial.config)
            attempt = Attempt(trial.words, trial.remedies, trial.changes, trial.config, report)
            self.tried.append(attempt)
            if self._progress:
                self._progress(attempt)
            if passes(report):
                return attempt
        return None

    def _trial(
        self, document: Document, remedy: Remedy, option: Option, behind: Trial | None
    ) -> Trial | None:
        """The config with the change; None where it cannot be built so."""
        changed = document.copy()
        changes = list(option.changes)
        try:
            apply(changed.data, changes)
            dropped = unused_knobs(changed.data, document.data)
            apply(changed.data, dropped)
            config = self._read(changed)
            decades = _decades(config)
        except (Mistake, ConfigError):
            return None
        words = f"{behind.words} + {option.words}" if behind else option.words
        remedies = (*(behind.remedies if behind else ()), remedy)
        every = (*(behind.changes if behind else ()), *changes, *dropped)
        return Trial(words, remedies, every, config, changed, decades)

    def _read(self, document: Document) -> Config:
        problems = Problems()
        config = read_config(document, self._overrides, problems, folder=self._folder)
        if config is not None and not problems.found:
            config = msgspec.structs.replace(config, **self._asked)
            check_network(config, problems)
        problems.raise_any()
        assert config is not None  # or there was a problem
        return config


def _decades(config: Config) -> float | None:
    prediction = foretell(config)
    return None if prediction.unreached else abs(prediction.flow.log10_ratio)


def _has_error(report: Report) -> bool:
    return any(finding.severity == "error" for finding in report.findings)


def _badness(report: Report) -> tuple[int, int, float]:
    severities = [finding.severity for finding in report.findings]
    return severities.count("error"), severities.count("warning"), abs(report.flow.log10_ratio)
