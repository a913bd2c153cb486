"""Changes that can be tried: remedies' options made into configs, ranked by what theory expects of them."""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Struct

from gradscope.build import check_network
from gradscope.build.plan import plan_of
from gradscope.config.digest import config_sha256
from gradscope.config.document import Document
from gradscope.config.load import read_config
from gradscope.config.schema import Config
from gradscope.errors import ConfigError, Mistake, Problems
from gradscope.outlook import foretell
from gradscope.remedies.catalogue import CATALOGUE
from gradscope.remedies.changes import Change, apply, unused_knobs
from gradscope.remedies.remedy import Option, Remedy, Situation
from gradscope.remedies.written import Written

LEVEL = 2.0
"""Decades between first and last layer within which theory expects a pass; the limits of GS101 and GS102."""


class Trial(Struct, frozen=True):
    """A change that can be tried."""

    words: str
    remedies: tuple[Remedy, ...]
    steps: tuple[tuple[Change, ...], ...]
    """Changes made together; paths of a later step are those behind the earlier ones."""
    config: Config
    document: Document
    decades: float | None
    """|log10| of first over last as theory has it; None where it does not reach."""

    @property
    def outlook(self) -> int:
        """0 where theory expects a pass, 1 where it says nothing, 2 where it expects none."""
        if self.decades is None:
            return 1
        return 0 if self.decades <= LEVEL else 2

    @property
    def cost(self) -> int:
        """How much of the network it alters."""
        return sum(remedy.cost for remedy in self.remedies)

    @property
    def rank(self) -> tuple[int, int, int, float]:
        """Those theory expects to pass first, those it says nothing of next; then what alters less, and of
        what alters as much, what theory has nearer to level."""
        decades = round(self.decades, 1) if self.decades is not None else math.inf
        return self.outlook, self.cost, sum(map(len, self.steps)), decades


class Workshop:
    """Makes configs from a config: every change is read again from data, as if it had been written."""

    def __init__(self, config: Config, document: Document, overrides: Mapping[str, Any], folder: str) -> None:
        self._asked = {"seed": config.seed, "trials": config.trials}
        self._overrides, self._folder = overrides, folder
        self._seen = {config_sha256(config)}
        self._singles: dict[str, list[Trial]] = {}
        self.start = Trial("", (), (), config, document, None)
        self.at_start = self.situation(self.start)

    def singles(self, rules: frozenset[str]) -> Iterator[Trial]:
        """What the rules call for, each config once, by rank. Configs are made as they are asked for."""
        groups = groupby(called(rules), key=lambda remedy: remedy.cost)
        yield from _by_rank(
            (trial for remedy in remedies for trial in self._single(remedy)) for _, remedies in groups
        )

    def pairs(self, firsts: Iterable[tuple[Trial, frozenset[str]]]) -> Iterator[Trial]:
        """Two changes of different remedies, one behind the other, by rank: with each first change the rules
        that call for a second."""
        both = [
            (first, second)
            for first, rules in firsts
            for second in called(rules)
            if second not in first.remedies
        ]

        def cost(pair: tuple[Trial, Remedy]) -> int:
            return pair[0].cost + pair[1].cost

        yield from _by_rank(
            (trial for first, second in pairs for trial in self._trials(second, first))
            for _, pairs in groupby(sorted(both, key=cost), key=cost)
        )

    def _single(self, remedy: Remedy) -> list[Trial]:
        if remedy.name not in self._singles:
            self._singles[remedy.name] = [*self._trials(remedy)]
        return self._singles[remedy.name]

    def _trials(self, remedy: Remedy, behind: Trial | None = None) -> Iterator[Trial]:
        at = self.situation(behind) if behind else self.at_start
        options = remedy.options(at) if remedy.options else ()
        for option in options:
            trial = self.trial(remedy, option, behind)
            if trial is not None:
                yield trial

    def situation(self, trial: Trial) -> Situation:
        """What remedies are told of a config."""
        written = Written(trial.document.data, trial.config.params)
        return Situation(trial.config, trial.document, written, plan_of(trial.config).outline)

    def trial(self, remedy: Remedy, option: Option, behind: Trial | None = None) -> Trial | None:
        """The config with the change; None where it cannot be built so, or was there before."""
        before = behind or self.start
        if not option.changes:
            return None
        changed = before.document.copy()
        try:
            apply(changed.data, option.changes)
            dropped = unused_knobs(changed.data, before.document.data)
            apply(changed.data, dropped)
            config = self._read(changed)
            digest = config_sha256(config)
            if digest in self._seen:
                return None
            self._seen.add(digest)
            decades = _decades(config)
        except (Mistake, ConfigError):
            return None
        words = f"{before.words} + {option.words}" if behind else option.words
        steps = (*before.steps, option.changes, *([tuple(dropped)] if dropped else []))
        return Trial(words, (*before.remedies, remedy), steps, config, changed, decades)

    def _read(self, document: Document) -> Config:
        problems = Problems()
        config = read_config(document, self._overrides, problems, folder=self._folder)
        if config is not None and not problems.found:
            config = msgspec.structs.replace(config, **self._asked)
            check_network(config, problems)
        problems.raise_any()
        assert config is not None  # or there was a problem
        return config


def _by_rank(groups: Iterable[Iterable[Trial]]) -> Iterator[Trial]:
    """Trials of groups that come by cost: no config of a later group is made while an earlier one has a trial
    that theory expects to pass."""
    others: list[Trial] = []
    for group in groups:
        trials = sorted(group, key=lambda trial: trial.rank)
        yield from (trial for trial in trials if not trial.outlook)
        others += (trial for trial in trials if trial.outlook)
    yield from sorted(others, key=lambda trial: trial.rank)


def called(rules: frozenset[str]) -> list[Remedy]:
    """The remedies that any of the rules calls for, by cost; all of them where none calls for any."""
    return sorted(
        [remedy for remedy in CATALOGUE if remedy.rules & rules] or CATALOGUE, key=lambda remedy: remedy.cost
    )


def _decades(config: Config) -> float | None:
    prediction = foretell(config)
    return None if prediction.unreached else abs(prediction.flow.log10_ratio)
