"""What a sweep would take: points, those that are stored, and the time for the rest. Stores nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from gradscope.build.free_memory import held_share
from gradscope.sweeping.census import Census, census, sample
from gradscope.sweeping.grid import Point
from gradscope.sweeping.job import Job, about_the_sweep
from gradscope.sweeping.points import key_of
from gradscope.sweeping.store import Row, Store
from gradscope.sweeping.worker import Result, Task, compute_point, warm_up

MOST_COUNTED = 1_000_000
"""Combinations that a condition is asked about, a few microseconds each; of more a sample is taken."""

MOST_LOOKED_UP = 4000
"""Points whose config is made to look for its result; of a larger sweep the share of those is taken."""

MOST_TIMED = 30
TIMING_SECONDS = 2.0
"""No other point is begun after so long."""

MOST_SECONDS = 10.0
"""For each of the points that are timed."""


class Estimate(Struct, frozen=True, kw_only=True):
    """What a sweep would take."""

    points: int
    points_are_about: bool
    """Whether the number of points is an estimate."""
    stored: int
    is_about: bool
    """Whether the number of stored ones is an estimate."""
    seconds: float | None
    """What one point takes; None when none could be computed."""
    is_at_least: bool
    """Whether points that were given up took longer than that."""
    timed: int
    """Points that were computed to know."""

    @property
    def missing(self) -> int:
        """Points that would be computed."""
        return max(0, self.points - self.stored)


class _Times(NamedTuple):
    seconds: float | None = None
    is_at_least: bool = False
    tried: int = 0


def estimate(job: Job, path: str) -> Estimate:
    """Count the points, look for them in the store, and compute a few of the missing to know their time.

    Raises:
        UserError: the store cannot be read, or the condition of the design cannot be told.
    """
    with about_the_sweep(), ExitStack() as stack:
        points, stored, store = census(job.design, MOST_COUNTED), Census(0), None
        if os.path.exists(path) and os.stat(path).st_size:
            store = stack.enter_context(Store(path, writable=False))
            stored = _stored(job, store, points)
        times = _Times() if stored.points >= points.points else _times(job, store)
    return Estimate(
        points=points.points,
        points_are_about=points.is_about,
        stored=stored.points,
        is_about=stored.is_about,
        seconds=times.seconds,
        is_at_least=times.is_at_least,
        timed=times.tried,
    )


def _stored(job: Job, store: Store, points: Census) -> Census:
    sweep = store.find(job.digest)
    own = 0 if sweep is None else store.count(sweep, with_failed=not job.retry_failed)
    if own == points.points or not store.has_others(sweep):
        return Census(own)
    looked_up = found = 0
    for point in islice(sample(job.design), MOST_LOOKED_UP):
        looked_up += 1
        found += _is_done(job, _row(job, store, point))
    if looked_up == points.points:
        return Census(found)
    return Census(max(own, found * points.points // looked_up), is_about=True)


def _row(job: Job, store: Store, point: Point) -> Row | None:
    key = key_of(job.base, dict(zip(job.design.names, point.values, strict=True)))
    return store.with_keys([key]).get(key)


def _is_done(job: Job, row: Row | None) -> bool:
    return row is not None and not (job.retry_failed and row.error is not None)


def _missing(job: Job, store: Store | None) -> Iterator[Point]:
    for point in islice(sample(job.design), MOST_LOOKED_UP):
        if store is None or not _is_done(job, _row(job, store, point)):
            yield point


def _times(job: Job, store: Store | None) -> _Times:
    """The mean time of some of the missing points; those that fail take time too."""
    limit = min(MOST_SECONDS, job.timeout or MOST_SECONDS)
    task = Task(job.base, job.design.names, (), limit, held_share(job.memory))
    warm_up()
    end = time.monotonic() + TIMING_SECONDS
    results: list[Result] = []
    for point in islice(_missing(job, store), MOST_TIMED + 1):
        results.append(compute_point(task, point))
        if time.monotonic() > end:
            break
    is_at_least = limit != job.timeout and any(result.seconds >= limit for result in results)
    if not is_at_least and all(result.error is not None for result in results):
        return _Times()
    timed = results[1:] or results  # what a process does but once, it does with its first point
    mean = sum(result.seconds for result in timed) / len(timed)
    known = store.mean_seconds() if store is not None and is_at_least else None
    return _Times(max(mean, known or 0.0), is_at_least, len(timed))
