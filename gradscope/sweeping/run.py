"""The loop of a sweep: hand out the points that are missing, collect, commit, go on after what fails."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress

from gradscope.errors import GradscopeError, Place, Problem, UserError
from gradscope.sweeping.executors import Crew, StuckError
from gradscope.sweeping.grid import Point
from gradscope.sweeping.job import Job
from gradscope.sweeping.outcome import SweepPoint
from gradscope.sweeping.store import Store
from gradscope.sweeping.supply import Supply
from gradscope.sweeping.worker import Result, Task, compute, failure

COMMIT_SECONDS = 0.5
"""The longest that a finished point waits to be durable; it is handed on only then."""

POLL_SECONDS = 1.0
"""Waiting longer at a time would hold up Ctrl-C on some systems."""

LONG_SECONDS = 0.05
"""Where points are computed here, those that take longer do not wait for each other to be stored."""

MOST_DEATHS = 3
"""Workers a point may take with it before it is given up."""

MOST_IN_TASK = 256
AHEAD = 2
"""Tasks handed out for each that can be worked on: while one is computed the next one waits beside it."""


def run(job: Job, crew: Crew, store: Store | None, sweep: int = 0) -> Iterator[list[SweepPoint]]:
    """Every point of the sweep in lists, in the order in which they are done; stored ones as they come by.

    What is handed on is in the store. Whatever ends this early, an exception or the caller, what the workers
    had finished by then is stored as well.

    Raises:
        UserError: the store fails, the workers do by no fault of a point, or the condition cannot be told.
    """
    loop = _Loop(job, crew, store, sweep)
    try:
        yield from loop.run()
    except UserError:
        with suppress(UserError):
            loop.salvage()
        raise
    except BaseException:
        loop.salvage()
        raise


class _Loop:
    def __init__(self, job: Job, crew: Crew, store: Store | None, sweep: int) -> None:
        self._job = job
        self._crew = crew
        self._store = store
        self._supply = Supply(job, store, sweep)
        self._blocks = self._supply.blocks()
        self._has_more = True
        self._todo: deque[Point] = deque()
        self._alone: deque[Point] = deque()
        """Points of tasks that lost their worker: each is tried again in a task of its own."""
        self._deaths: dict[int, int] = {}
        self._in_flight: dict[Future[list[Result]], Sequence[Point]] = {}
        self._arrived: queue.SimpleQueue[Future[list[Result]]] = queue.SimpleQueue()
        self._results: list[Result] = []
        self._known: list[SweepPoint] = []
        self._due = float("inf")
        self._has_shown = False
        self._mean_seconds: float | None = None

    def run(self) -> Iterator[list[SweepPoint]]:
        while True:
            self._hand_out()
            if self._in_flight:
                self._collect()
            has_work = self._in_flight or self._todo or self._alone or self._has_more
            is_over = not has_work or self._is_cut_short()
            if is_over or time.monotonic() >= self._due:
                finished = self._commit()
                if finished:
                    yield finished
            if is_over:
                return

    def salvage(self) -> None:
        """Store what has arrived."""
        while not self._arrived.empty():
            future = self._arrived.get()
            if not future.cancelled() and future.exception() is None:
                self._results += future.result()
        self._commit()

    def _is_cut_short(self) -> bool:
        """Whether a point failed where that is to end the sweep."""
        if not self._job.fail_fast:
            return False
        errors = [*(point.error for point in self._known), *(result.error for result in self._results)]
        return any(error is not None for error in errors)

    # handing out

    def _hand_out(self) -> None:
        most = AHEAD * self._crew.slots()
        while len(self._in_flight) < most:
            if self._alone:
                self._submit([self._alone.popleft()])
            elif self._todo:
                size = min(self._task_size(), len(self._todo))
                self._submit([self._todo.popleft() for _ in range(size)])
            elif not self._fetch():
                return
            # Where a condition drops nearly all points, looking for the next one may take long.
            if not self._arrived.empty() or time.monotonic() >= self._due:
                return

    def _submit(self, points: Sequence[Point]) -> None:
        job = self._job
        task = Task(job.base, job.design.names, points, job.timeout, job.memory)
        future = self._crew.executor.submit(compute, task)
        self._in_flight[future] = points
        future.add_done_callback(self._arrived.put)

    def _task_size(self) -> int:
        """As many points as take the time a task should take."""
        if self._mean_seconds is None:
            return 1
        seconds = self._crew.chunk_seconds
        if self._job.timeout is not None:
            # A whole task must not look like a point that takes too long.
            seconds = min(seconds, self._job.timeout / 2.0)
        return max(1, min(MOST_IN_TASK, int(seconds / max(self._mean_seconds, 1e-6))))

    def _fetch(self) -> bool:
        """Look at the next points of the design; False when there are no more."""
        block = next(self._blocks, None)
        self._has_more = block is not None
        if block is None:
            return False
        known, missing = block
        self._todo.extend(missing)
        if known:
            self._known += known
            self._wait_no_longer()
        return True

    # collecting

    def _collect(self) -> None:
        """Take what has arrived, waiting for it no longer than until the next commit."""
        try:
            future = self._arrived.get(timeout=min(POLL_SECONDS, max(0.0, self._due - time.monotonic())))
            while True:
                self._take(future)
                future = self._arrived.get_nowait()
        except queue.Empty:
            pass

    def _take(self, future: Future[list[Result]]) -> None:
        points = self._in_flight.pop(future)
        error = None if future.cancelled() else future.exception()
        if future.cancelled():
            raise _workers_fail("a task was cancelled: they or their scheduler are gone")
        if error is None:
            results = future.result()
            self._results += results
            self._learn(results)
        elif isinstance(error, self._crew.deaths):
            self._bury(points)
        elif isinstance(error, StuckError):
            self._give_up_stuck(points)
        elif isinstance(error, GradscopeError):
            raise error
        else:
            raise _workers_fail(f"a task failed with {type(error).__name__}: {error}") from error
        self._wait_no_longer()

    def _learn(self, results: Sequence[Result]) -> None:
        seconds = sum(result.seconds for result in results) / len(results)
        mean = self._mean_seconds
        self._mean_seconds = seconds if mean is None else 0.5 * (mean + seconds)

    def _bury(self, points: Sequence[Point]) -> None:
        """Try each point again by itself, but not for ever."""
        for point in points:
            deaths = self._deaths[point.number] = self._deaths.get(point.number, 0) + 1
            if deaths < MOST_DEATHS:
                self._alone.append(point)
            else:
                self._fail(point, f"its worker died {deaths} times while computing it")

    def _give_up_stuck(self, points: Sequence[Point]) -> None:
        if len(points) > 1:
            self._alone.extend(points)
        else:
            self._fail(points[0], f"took longer than {self._job.timeout:g} s")

    def _fail(self, point: Point, error: str) -> None:
        self._results.append(failure(self._job.base, self._job.design.names, point, error))

    # committing

    def _wait_no_longer(self) -> None:
        is_long = self._mean_seconds is None or self._mean_seconds > LONG_SECONDS
        # Whoever looks on sees the first points at once.
        is_urgent = not self._has_shown or (self._crew.is_inline and is_long)
        patience = 0.0 if is_urgent else COMMIT_SECONDS
        self._due = min(self._due, time.monotonic() + patience)

    def _commit(self) -> list[SweepPoint]:
        """Make the results durable and hand them on."""
        if self._store is not None and self._results:
            self._store.add(self._results)
        finished = self._known + [self._supply.computed(result) for result in self._results]
        self._results, self._known, self._due = [], [], float("inf")
        self._has_shown = self._has_shown or bool(finished)
        return finished


def _workers_fail(fact: str) -> UserError:
    hint = "see that they have the same gradscope and run again: it goes on where it stopped"
    return UserError([Problem(Place("workers"), fact, hint)])
