"""A second thread that does tasks in the order they are given, while the first goes on. Knows nothing of the
tasks."""

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gradscope.engine.threads import go_on, jobs_limit, spare_jobs

MOST_BEHIND = 4
"""Most tasks that may wait: each keeps its arrays in memory until it is done."""


class Follower:
    """Does tasks one after the other, while the leader goes on."""

    def __init__(self) -> None:
        self._tasks: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._is_over = False

    def put(self, task: Callable[[], None]) -> None:
        """Queue a task; waits while `MOST_BEHIND` others are queued.

        Raises:
            BaseException: what an earlier task has raised.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._tasks) < MOST_BEHIND)
            self.look_back()
            self._tasks.append(task)
            self._changed.notify_all()

    def look_back(self) -> None:
        """Raise what a finished task has raised, if any has."""
        if self._error is not None:
            raise self._error

    def end(self, *, at_once: bool) -> None:
        """Say that no further task comes; with `at_once`, those still queued are dropped."""
        with self._changed:
            self._is_over = True
            if at_once:
                self._tasks.clear()
            self._changed.notify_all()

    def work(self) -> None:
        """The body of the follower's thread. An exception ends it, and is raised again where the tasks come
        from."""
        try:
            while (task := self._next()) is not None:
                go_on()
                task()
        except BaseException as error:
            with self._changed:
                self._error = error
                self._tasks = deque(maxlen=0)
                self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._tasks or self._is_over)
            task = self._tasks.popleft() if self._tasks else None
            self._changed.notify_all()
            return task


@contextmanager
def followed() -> Iterator[Follower]:
    """A follower for the block, with half of the caller's threads; when the block is left, all tasks are
    done."""
    jobs = spare_jobs() + 1
    taken = jobs // 2
    follower = Follower()
    with jobs_limit(taken):
        context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(follower.work,), name="gradscope-follower")
    thread.start()
    is_done = False
    try:
        with jobs_limit(jobs - taken):
            yield follower
        is_done = True
    finally:
        follower.end(at_once=not is_done)
        thread.join()
    follower.look_back()
