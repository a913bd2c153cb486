"""`gradscope.sweep`, and the one way in which a sweep is set up, whoever asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import msgspec
from msgspec import Struct

from gradscope.build.free_memory import held_share
from gradscope.config.schema import Config
from gradscope.errors import Mistake, Place, Problem, UserError, reason_of
from gradscope.sweeping.axes import Axis, make_axis
from gradscope.sweeping.bounds import check_bounds
from gradscope.sweeping.executors import LOCAL_CHUNK_SECONDS, Crew, Inline, Processes
from gradscope.sweeping.grid import Design, Draws
from gradscope.sweeping.job import Job, about_the_sweep
from gradscope.sweeping.lock import WriterLock
from gradscope.sweeping.outcome import SweepPoint
from gradscope.sweeping.points import Base, check_base, read_base
from gradscope.sweeping.run import run
from gradscope.sweeping.store import Store

Notify = Callable[[str], None]


class Workforce(Struct, frozen=True, kw_only=True):
    """Who is to compute."""

    jobs: int | None = None
    """Processes on this machine; None computes in the caller's own."""
    scheduler: str | None = None
    """Of a Dask cluster, which then computes instead."""


def sweep(
    source: str | os.PathLike[str] | Mapping[str, Any] | Config,
    axes: Mapping[str, Any] | None = None,
    *,
    zip: Mapping[str, Any] | None = None,
    random: int | None = None,
    random_seed: int = 0,
    where: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    store: str | os.PathLike[str] | None = None,
    jobs: int = 1,
    dask: str | None = None,
    timeout: float | None = None,
    memory: int | None = None,
    fail_fast: bool = False,
    retry_failed: bool = False,
) -> Iterator[SweepPoint]:
    """Diagnose a config at every combination of other values, and yield each point when it is done.

    Args:
        source: a path, a dictionary, or a config from `load_config`.
        axes: values by knob or dotted path, each a list or a text such as `log:0.1:10:20`; every value of
            one is combined with every value of the others.
        zip: the same for axes that go together, the first value of one with the first of the others.
        random: so many points drawn at random instead of all.
        random_seed: of the draws.
        where: keeps the points that meet it, such as `depth * width < 1e5`.
        overrides: values for all points, as in `load_config`.
        store: a file that keeps the results; a second call with it computes only what is missing.
        jobs: processes; with more than one, call this below `if __name__ == "__main__":`.
        dask: the address of a Dask scheduler, or `local`.
        timeout: seconds a point may take.
        memory: bytes that drawn weights may take in all processes together, by default half of what is free;
            on a cluster in each worker.
        fail_fast: end after the first point that failed.
        retry_failed: compute points again that failed before.

    Raises:
        ConfigError: the base config, an axis or the condition is wrong. A single point that makes no config
            or fails otherwise is yielded, with its `error`.
        UserError: the store cannot be used, or a number is out of bounds.
    """
    check_bounds({"jobs": jobs, "timeout": timeout, "random": random, "random_seed": random_seed})
    axes_made = [make_axis(name, values, Place(f"axes['{name}']")) for name, values in (axes or {}).items()]
    zipped = [make_axis(name, values, Place(f"zip['{name}']")) for name, values in (zip or {}).items()]
    base = read_base(source, overrides)
    design = make_design(
        base,
        axes_made,
        [zipped] if zipped else [],
        draws=None if random is None else Draws(random, random_seed),
        where=where,
    )
    job = Job(
        base=base,
        design=design,
        timeout=timeout,
        memory=memory,
        fail_fast=fail_fast,
        retry_failed=retry_failed,
        with_reports=True,
    )
    is_inline = jobs == 1 and timeout is None
    workforce = Workforce(jobs=None if is_inline else jobs, scheduler=dask)
    path = None if store is None else os.fsdecode(store)
    return (point for points in run_job(job, workforce, path) for point in points)


def make_design(
    base: Base,
    axes: Sequence[Axis],
    zipped: Sequence[Sequence[Axis]] = (),
    *,
    draws: Draws | None = None,
    where: str | None = None,
) -> Design:
    """The design of a sweep over a base that can be varied like this.

    Raises:
        ConfigError: it cannot.
    """
    with about_the_sweep():
        plain = Design(axes, zipped=zipped, draws=draws)
        for option in ("seed", "trials"):
            if getattr(base, option) is not None and option in plain.names:
                raise Mistake(f"'{option}' is given and varied", "leave one of them out")
        first = dict(zip(plain.names, plain.values(0), strict=True))
        config = check_base(base, plain.axes, first)
        knobs = {name: value for name, value in config.params.items() if name not in plain.names}
        return Design(axes, zipped=zipped, draws=draws, where=where, constants=knobs if where else None)


def run_job(
    job: Job, workforce: Workforce, path: str | None, notify: Notify = lambda words: None
) -> Generator[list[SweepPoint]]:
    """Set up store and workers, and run; everything is put back however it ends."""
    with ExitStack() as stack:
        store, number = None, 0
        if path is not None:
            store = stack.enter_context(writable_store(path, notify))
        crew = stack.enter_context(_crew(workforce, job, notify))
        if store is not None:
            number = store.begin(job.digest, job.definition, job.design.names)
        if workforce.scheduler is None:
            memory = held_share(job.memory, workforce.jobs or 1)
            job = msgspec.structs.replace(job, memory=memory)
        yield from run(job, crew, store, number)


@contextmanager
def writable_store(path: str, notify: Notify) -> Iterator[Store]:
    """The store, when nobody else is writing it any more."""

    def waiting() -> None:
        notify(f"another sweep is writing {path}; waiting for it to end")

    lock = WriterLock(f"{path}-lock", waiting)
    try:
        lock.__enter__()
    except OSError as error:
        fact = f"the store cannot be written: {reason_of(error)}"
        hint = "name a file in a folder that may be written with --store"
        raise UserError([Problem(Place(path), fact, hint)]) from error
    with ExitStack() as stack:
        stack.push(lock.__exit__)
        yield stack.enter_context(Store(path, writable=True))


@contextmanager
def _crew(workforce: Workforce, job: Job, notify: Notify) -> Iterator[Crew]:
    if workforce.scheduler is not None:
        from gradscope.sweeping.cluster import dask_crew

        with dask_crew(workforce.scheduler, workforce.jobs or 1, notify) as crew:
            yield crew
    elif workforce.jobs is None:
        yield Crew(Inline(), lambda: 1, chunk_seconds=0.0, is_inline=True)
    else:
        executor = Processes(workforce.jobs, job.timeout)
        try:
            yield Crew(executor, lambda: executor.jobs, LOCAL_CHUNK_SECONDS)
        finally:
            # At the end nobody is at work any more, and before it nobody is to be waited for.
            executor.shutdown(wait=False)
