"""What a sweep would take: points, those that are stored, and the time for the rest. Stores nothing."""

from __future__ import annotations

import os

from msgspec import Struct

from gradscope.sweeping.grid import Point
from gradscope.sweeping.job import Job
from gradscope.sweeping.points import key_of
from gradscope.sweeping.store import Store
from gradscope.sweeping.worker import Task, compute_point

MOST_LOOKED_UP = 20_000
"""Points whose config is made to look for its result; of a larger sweep the share of those is taken."""

MOST_SECONDS = 10.0
"""For each of the points that are timed."""


class Estimate(Struct, frozen=True, kw_only=True):
    """What a sweep would take."""

    points: int
    stored: int
    is_about: bool
    """Whether the number of stored ones is an estimate."""
    seconds: float | None
    """A point takes; None when none could be timed."""
    timed: int
    """Points that were computed to know; 0 where the store knew."""

    @property
    def missing(self) -> int:
        """Points that would be computed."""
        return self.points - self.stored


def estimate(job: Job, path: str) -> Estimate:
    """Count the points, look for them in the store, and time a few if it does not know how long they take.

    Raises:
        UserError: the store cannot be read, or the condition of the design cannot be told.
    """
    points = job.design.count()
    stored, is_about, seconds = 0, False, None
    if os.path.exists(path):
        with Store(path, writable=False) as store:
            sweep = store.find(job.digest)
            seconds = store.mean_seconds(sweep) or store.mean_seconds()
            stored, is_about = _stored(job, store, sweep, points)
    if seconds is not None or stored == points:
        return Estimate(points=points, stored=stored, is_about=is_about, seconds=seconds, timed=0)
    times = _times(job)
    mean = sum(times) / len(times) if times else None
    return Estimate(points=points, stored=stored, is_about=is_about, seconds=mean, timed=len(times))


def _stored(job: Job, store: Store, sweep: int | None, points: int) -> tuple[int, bool]:
    own = 0 if sweep is None else store.count(sweep, with_failed=not job.retry_failed)
    if own == points or not store.has_others(sweep):
        return own, False
    names = job.design.names
    looked_up = found = 0
    for block in job.design.sample(MOST_LOOKED_UP, points):
        keys = [key_of(job.base, dict(zip(names, point.values, strict=True))) for point in block]
        rows = store.with_keys(keys)
        found += sum(key in rows and not (job.retry_failed and rows[key].error) for key in keys)
        looked_up += len(block)
    if looked_up == points:
        return found, False
    return max(own, found * points // max(1, looked_up)), True


def _times(job: Job) -> list[float]:
    """Seconds of the first, the middle and the last point of those at hand, behind a warm-up."""
    block = next((block for block in job.design.blocks() if block), [])
    if not block:
        return []
    if job.design.where is None:
        numbers = dict.fromkeys((0, job.design.most // 2, job.design.most - 1))
        block = [Point(number, job.design.values(number)) for number in numbers]
    task = Task(job.base, job.design.names, block, min(MOST_SECONDS, job.timeout or MOST_SECONDS))
    compute_point(task, block[0])
    chosen = dict.fromkeys((block[0], block[len(block) // 2], block[-1]))
    results = [compute_point(task, point) for point in chosen]
    return [result.seconds for result in results if result.error is None]
