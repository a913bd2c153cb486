"""Config in, report of its training out: every trial is trained and measured, and the course is judged."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import msgspec
import numpy as np

from gradscope.build import Plan, plan_of
from gradscope.build.free_memory import available_bytes
from gradscope.build.memory import byte_words
from gradscope.config.schema import Config
from gradscope.diagnosis import measured, report_of
from gradscope.engine.threads import available_jobs, jobs_limit, one_blas_thread, side_by_side
from gradscope.errors import ConfigError, Place, Problem
from gradscope.input_moments import measured_inputs
from gradscope.probe.averages import mean
from gradscope.probe.course import Course, Stage
from gradscope.probe.histograms import Histogram
from gradscope.probe.steps import TrainingStep, summarise_stages
from gradscope.report import TrainingReport, TrainingSetup
from gradscope.rules.base import Case
from gradscope.rules.judge import judge
from gradscope.rules.policy import Policy, policy_of
from gradscope.training.course import Pupil, has_teacher, optimizer_of

SHOWN_STEPS = 25
"""Measured steps of a run whose config does not say how many."""

ARRAYS = 4
"""Besides what the optimiser remembers: parameters, where they began, their gradient, one in the making."""

Told = Callable[[TrainingStep], None]
Counted = Callable[[int, Mapping[str, Histogram]], None]


def train(
    config: Config,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    jobs: int | None = None,
    memory: int | None = None,
    progress: Told | None = None,
    counted: Counted | None = None,
) -> TrainingReport:
    """Diagnose the config, train every trial as its `training` says, and judge start and course together.

    An interrupt (KeyboardInterrupt) ends the training, and the report is of the steps so far.

    Args:
        config: from `load_config`.
        select: rule ids or prefixes to judge by, all when empty.
        ignore: rule ids or prefixes to leave out.
        jobs: threads to use at most, by default one a processor; the numbers do not depend on it.
        memory: bytes that the weights and what an optimiser keeps of them may take, by default what is free.
        progress: told of every measured step.
        counted: told of the histograms of outputs, parameters and gradients at every measured step of
            the first trial.

    Raises:
        ConfigError: the config cannot be built or trained, or its data file does not fit.
        Mistake: a selected or ignored name is no rule and no prefix of one, or no rule is left.
    """
    start = time.perf_counter()
    plan = plan_of(config)
    _check(plan, memory)
    policy = _policy(config, select, ignore)
    jobs = jobs or available_jobs()
    trace = measured(plan, jobs=jobs, memory=memory)
    setup = setup_of(config)
    run = _Run(plan, setup, progress, counted)
    with one_blas_thread(), jobs_limit(jobs), np.errstate(all="ignore"):
        run.go()
    case = Case(trace.outline, trace.trials, measured_inputs(plan))
    findings = judge(case, policy, run.courses)
    judged = tuple(rule.id for rule in policy.rules())
    report = report_of(config, case, findings, judged, time.perf_counter() - start)
    return TrainingReport(
        **{name: getattr(report, name) for name in report.__struct_fields__},
        training=setup,
        steps=tuple(run.steps),
        losses=_mean_losses([course.losses for course in run.courses]),
        ended=run.ended,
    )


def setup_of(config: Config) -> TrainingSetup:
    """How a config is trained, every default filled in."""
    plan = plan_of(config)
    training = config.training
    optimizer = optimizer_of(training)
    return TrainingSetup(
        steps=training.steps,
        optimizer=optimizer.name,
        options=dict(training.optimizer.options),
        lr=optimizer.lr if training.lr is None else training.lr,
        clip=training.clip,
        every=training.every or math.ceil(training.steps / SHOWN_STEPS),
        targets="file" if plan.outline.inputs.targets else "teacher" if has_teacher(plan) else "random",
    )


class _Run:
    """All trials side by side, from one measured step to the next; each stage is kept once all have it."""

    def __init__(self, plan: Plan, setup: TrainingSetup, progress: Told | None, counted: Counted | None):
        self._plan = plan
        self._setup = setup
        self._progress = progress
        self._counted = counted
        self.steps: list[TrainingStep] = []
        self.courses: tuple[Course, ...] = ()
        self.ended = "done"

    def go(self) -> None:
        try:
            pupils = side_by_side(self._pupil, range(self._plan.config.trials))
            for step in [*range(0, self._setup.steps, self._setup.every), self._setup.steps]:
                advance = partial(Pupil.advance, step=step)
                self._keep(step, side_by_side(advance, pupils), pupils)
                if all(pupil.has_failed for pupil in pupils):
                    self.ended = "non_finite"
                    return
        except KeyboardInterrupt:
            if not self.steps:
                raise
            self.ended = "interrupted"

    def _keep(self, step: int, stages: Sequence[Stage], pupils: Sequence[Pupil]) -> None:
        reached = max(stage.step for stage in stages)
        found = summarise_stages(self._plan.outline, min(step, reached), stages)
        courses = tuple(pupil.course for pupil in pupils)
        # Both at once: an interrupt leaves a course that ends where the steps do.
        self.steps, self.courses = [*self.steps, found], courses
        if self._progress is not None:
            self._progress(found)
        if self._counted is not None:
            self._counted(found.step, pupils[0].histograms)

    def _pupil(self, trial: int) -> Pupil:
        return Pupil(self._plan, trial, counts=self._counted is not None and trial == 0)


def _check(plan: Plan, memory: int | None) -> None:
    """Note what can be measured, but not trained.

    Raises:
        ConfigError: nothing can be learnt, or there is no room to learn it.
    """
    config = plan.config
    if plan.loss.targets_of is None:
        _refuse(config, f"'{plan.loss.name}' is no loss that could fall", "set another, as in `loss: mse`")
    count = sum(info.parameters for info in plan.layers)
    if not count:
        _refuse(config, "there is nothing to train: no layer has parameters", "add one, as in `dense: 10`")
    arrays = ARRAYS + optimizer_of(config.training).states
    needed = count * plan.form.dtype.itemsize * arrays * config.trials
    free = available_bytes()
    limit = free if memory is None else min(memory, free)
    if needed > limit:
        there = "free" if limit == free else "given"
        hint = "lower the widths of the layers"
        if needed <= free:
            hint = "give it more with --memory"
        elif needed <= config.trials * free:
            hint = "train fewer trials side by side, as in `--trials 1`"
        fact = f"training takes {byte_words(needed)} for its weights, with {byte_words(limit)} {there}"
        _refuse(config, fact, hint)


def _refuse(config: Config, fact: str, hint: str) -> None:
    raise ConfigError([Problem(Place(config.source), fact, hint)])


def _policy(config: Config, select: Iterable[str], ignore: Iterable[str]) -> Policy:
    """As the config says, with the limits of the optimiser that is used where it says nothing of them."""
    policy = policy_of(config, select, ignore)
    if policy.optimizer is None and optimizer_of(config.training).is_adaptive:
        return msgspec.structs.replace(policy, optimizer="adam")
    return policy


def _mean_losses(losses: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Pass by pass; a trial that met a NaN has it from then on."""
    longest = max(map(len, losses))
    padded = [[*each, *[math.nan] * (longest - len(each))] for each in losses]
    return tuple(mean(of_pass) for of_pass in zip(*padded, strict=True))
