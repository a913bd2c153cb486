"""What a rule is and what it finds: records, severities, and nothing of any single rule."""

import math
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from functools import cached_property

from msgspec import Struct

from gradscope.engine.outline import Outline
from gradscope.probe.course import Course
from gradscope.probe.trace import Trace, TrialTrace
from gradscope.theory.level import Level
from gradscope.theory.prediction import Prediction, dead_shares, predict
from gradscope.theory.sound import sound


class Severity(IntEnum):
    """How bad a finding is; larger is worse."""

    note = 1
    warning = 2
    error = 3

    @property
    def lowered(self) -> "Severity | None":
        """One severity lower; below a note there is nothing to report."""
        return None if self is Severity.note else Severity(self - 1)


class Hit(Struct, frozen=True):
    """A rule's objection to one trial, or to the config itself."""

    layer: str | None
    severity: Severity
    measured: float
    """As the rule states it: a log10 where the rule is `logarithmic`, so that 1e-400 stays a number."""
    limit: float
    """The limit that was passed, never a logarithm."""
    detail: str = ""
    """What the message needs besides."""


class Finding(Struct, frozen=True):
    """One judgement over all trials, with the place in the YAML that made the layer."""

    rule: str
    name: str
    severity: str
    layer: str | None
    line: int | None
    column: int | None
    message: str
    measured: float
    limit: float
    trials_fired: int
    explains: str | None
    remedy: str
    known: bool = False
    """Whether a baseline has it: then it fails nothing."""


class Case(Trace, frozen=True, dict=True):
    """What is judged: all trials of one network, beside what theory says of it."""

    inputs: Level | None = None
    """Their moments, where only the data know them."""

    @cached_property
    def prediction(self) -> Prediction:
        """What theory says of the network."""
        return predict(self.outline, self.inputs, settles=False)

    @cached_property
    def chance(self) -> Mapping[str, float]:
        """The share of units that a sound network of this shape leaves dead on as many samples, by layer;
        none of layers theory does not reach."""
        return dead_shares(sound(self.outline), self.inputs)


Limits = Mapping[str, float]
Check = Callable[[Case, TrialTrace, Limits], Iterable[Hit]]
CourseCheck = Callable[[Outline, Course, Limits], Iterable[Hit]]
StaticCheck = Callable[[Outline, Limits], Iterable[Hit]]


class Rule(Struct, frozen=True, kw_only=True):
    """One thing that is judged: the predicate and every word about it."""

    id: str
    name: str
    verdict: str | None = None
    """The word for a config in which this rule is an error; None leaves it `warning`."""
    limits: dict[str, float] = {}
    adam_limits: dict[str, float] = {}
    """What `optimizer: adam` changes of them."""
    severities: tuple[Severity, ...]
    """Those it reports, worst first."""
    summary: str
    why: str
    measured_as: str
    """How the number it judges is obtained."""
    remedy: str
    source: str
    check: Check | None = None
    """(all trials and what theory says, the trial judged, limits) -> what is wrong in that trial."""
    static: StaticCheck | None = None
    """(the outline, limits) -> what is wrong with the config, whatever is drawn."""
    training: CourseCheck | None = None
    """(the outline, the course of one trial's training, limits) -> what went wrong on the way."""
    message: Callable[[Hit, Outline], str]
    """(the objection averaged over the trials that fired, the outline) -> one sentence."""
    per_layer: bool = False
    """Layers are judged apart; otherwise the objections of all trials are one finding."""
    logarithmic: bool = False
    always: bool = False
    """Judged whatever is left out, at its own severity, and a single trial is enough."""
    fires_on: str
    """A config, as YAML, that this rule must object to."""
    silent_on: str
    """A config, as YAML, that it must leave in peace."""

    @property
    def judges_start(self) -> bool:
        """Whether it has something to judge where nothing is trained."""
        return self.check is not None or self.static is not None


def log10_limit(limit: float) -> float:
    """log10 of a limit; of one that is not positive −inf, which everything is above of."""
    return math.log10(limit) if limit > 0.0 else -math.inf


def graded(
    value: float, limits: Limits, *grades: tuple[Severity, str], above: bool
) -> tuple[Severity, float] | None:
    """The worst grade whose limit the value has passed, with that limit; a NaN has passed every limit.

    Args:
        value: what was measured.
        limits: of the rule.
        grades: (severity, name of its limit), worst first.
        above: whether values above a limit are bad, or those below.
    """
    for severity, name in grades:
        limit = limits[name]
        if not (value <= limit if above else value >= limit):
            return severity, limit
    return None
