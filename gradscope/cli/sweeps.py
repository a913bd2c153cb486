"""What `gradscope sweep` does with its options: set a sweep up, follow it, and write what came of it."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from gradscope.cli.asked import Asked, read_settings
from gradscope.cli.exits import FINDINGS, INTERRUPTED
from gradscope.cli.failures import say
from gradscope.cli.output import write
from gradscope.cli.standard_input import STDIN, named
from gradscope.cli.sweep_output import JsonLines, write_sweep
from gradscope.cli.sweep_progress import SweepProgress
from gradscope.cli.targets import check_read
from gradscope.cli.terminal import shows_progress
from gradscope.errors import Problem, UserError

if TYPE_CHECKING:
    from gradscope.sweeping.axes import Axis
    from gradscope.sweeping.job import Job
    from gradscope.sweeping.points import Base


class Request(NamedTuple):
    """What the command line asks for."""

    config: str
    axes: tuple[str, ...]
    zipped: tuple[str, ...]
    draws: int | None
    random_seed: int
    where: str | None
    asked: Asked
    store: str
    exports: tuple[str, ...]
    scheduler: str | None
    timeout: float | None
    fail_fast: bool
    retry_failed: bool
    form: str
    output: str | None
    quiet: bool
    verbose: bool


class Done(NamedTuple):
    """How a sweep ended."""

    points: int
    stored: int
    """Of them, those that were there before."""
    failed: int
    is_interrupted: bool = False
    is_cut: bool = False
    """Whether the reader of standard output has seen enough."""


def run_sweep(request: Request) -> int:
    """Compute what is missing, show the summary, and return the exit code."""
    job = _job(request)
    done = _followed(request, job)
    if not request.quiet:
        _say_end(request, done)
    if done.is_interrupted:
        return INTERRUPTED
    if not done.is_cut:
        write_sweep(request, job.digest)
    return FINDINGS if done.failed else 0


def show_summary(request: Request) -> int:
    """Show the sweep of a store that was used last, and return the exit code it ended with."""
    return FINDINGS if write_sweep(request, None) else 0


def show_estimate(request: Request) -> int:
    """Say what a sweep would take."""
    import msgspec

    from gradscope.render.sweep_estimate import render
    from gradscope.sweeping.estimate import estimate

    job = _job(request)
    found = estimate(job, request.store)
    if request.form in ("json", "jsonl"):
        text = json.dumps(msgspec.to_builtins(found)) + "\n"
    else:
        jobs = None if request.scheduler else _jobs(request)
        text = render(found, job.design, jobs, request.store)
    write(text, request.output)
    return 0


def _job(request: Request) -> Job:
    from gradscope.sweeping.files import read_sweep_file
    from gradscope.sweeping.grid import Draws
    from gradscope.sweeping.job import Job
    from gradscope.sweeping.sweep import make_design

    found = None if request.config == STDIN else read_sweep_file(request.config)
    axes, zipped = _parsed(request)
    groups = [zipped] if zipped else []
    draws = None if request.draws is None else Draws(request.draws, request.random_seed)
    where = request.where
    source = request.config
    if found is not None:
        axes, groups = [*found.axes, *axes], [*map(list, found.zipped), *groups]
        draws, where, source = draws or found.draws, where or found.where, found.base
        check_read([source])
    for axis in chain(axes, *groups):
        if axis.name in request.asked.settings:
            fact = f"'{axis.name}' is set with --set and varied"
            raise UserError([Problem(axis.place, fact, "leave one of them out")])
    base = _base(request, source)
    return Job(
        base=base,
        design=make_design(base, axes, groups, draws=draws, where=where),
        timeout=request.timeout,
        memory=request.asked.memory,
        fail_fast=request.fail_fast,
        retry_failed=request.retry_failed,
    )


def _parsed(request: Request) -> tuple[list[Axis], list[Axis]]:
    """The axes, and those that go together; every mistake in them is told at once."""
    from gradscope.errors import ConfigError
    from gradscope.sweeping.axes import parse_axis

    problems: list[Problem] = []
    found: dict[str, list[Axis]] = {"--axis": [], "--zip": []}
    for option, texts in zip(found, (request.axes, request.zipped), strict=True):
        for text in texts:
            try:
                found[option].append(parse_axis(text, option))
            except ConfigError as error:
                problems += error.problems
    if problems:
        raise UserError(problems)
    return found["--axis"], found["--zip"]


def _base(request: Request, source: str) -> Base:
    from gradscope.sweeping.points import read_base

    name, text = named(source)
    return read_base(
        name,
        read_settings(request.asked.settings),
        text=text,
        seed=request.asked.seed,
        trials=request.asked.trials,
        select=request.asked.select,
        ignore=request.asked.ignore,
    )


def _jobs(request: Request) -> int:
    from gradscope.engine.threads import available_jobs

    return request.asked.jobs or available_jobs()


def _followed(request: Request, job: Job) -> Done:
    """Run the sweep to its end, or to where the user or the reader of its lines stops it."""
    from gradscope.sweeping.sweep import Workforce, run_job

    workforce = Workforce(jobs=_jobs(request), scheduler=request.scheduler)
    shown = shows_progress(request.quiet)
    progress = SweepProgress(_total(job) if shown else 0, shown=shown)
    lines = JsonLines(request.output if request.form == "jsonl" else None, is_wanted=request.form == "jsonl")
    points = stored = failed = 0
    stopped = {}
    try:
        with progress, lines, closing(run_job(job, workforce, request.store, say)) as batches:
            for batch in batches:
                points += len(batch)
                stored += sum(point.is_stored for point in batch)
                failed += sum(point.error is not None for point in batch)
                progress.reach(points, stored, failed)
                if not lines.write(batch):
                    stopped = {"is_cut": True}
                    break
    except KeyboardInterrupt:
        stopped = {"is_interrupted": True}
    return Done(points, stored, failed, **stopped)


def _total(job: Job) -> int:
    """About how many points there are: no time is lost on counting them."""
    from gradscope.sweeping.census import SAMPLED, census
    from gradscope.sweeping.job import about_the_sweep

    with about_the_sweep():
        return census(job.design, SAMPLED).points


def _say_end(request: Request, done: Done) -> None:
    from gradscope.numerals import count

    words = f"{count(done.points, 'point')} in {request.store}"
    if done.stored:
        words += f", {done.stored:,} of them from before"
    if done.is_interrupted:
        words = f"interrupted; what was finished is in {request.store}: the same command goes on from there"
    say(words)
