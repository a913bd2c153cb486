"""Who computes: this process, or others of this machine that may die and are then replaced. No clusters."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from types import FrameType
from typing import Any, NamedTuple

from gradscope.errors import Place, Problem, UserError
from gradscope.sweeping.worker import prepare, warm_up

LOCAL_CHUNK_SECONDS = 0.1
"""How long a task should take: a hundred times what handing it to a process and back takes."""

ATTEMPTS = 3
"""How often it is tried to replace a worker: memory may be short for a moment."""

GRACE_SECONDS = 2.0

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class WorkerDiedError(Exception):
    """The process that was to give a result has ended without one."""


class StuckError(Exception):
    """A worker did not come back within twice the time a point may take, and was ended."""


class Crew(NamedTuple):
    """An executor, and what has to be known of it to keep it busy."""

    executor: Executor
    slots: Callable[[], int]
    """Tasks it can work on at once, now."""
    chunk_seconds: float
    """How long a task should take: what handing it over costs is small beside it."""
    deaths: tuple[type[BaseException], ...] = (WorkerDiedError,)
    """What its futures raise for a task that lost its worker."""
    is_inline: bool = False
    """Whether nothing else happens here while it works."""


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Threads and processes that are started in the block never see a Ctrl-C, whoever starts more of them.

    A terminal sends it to all its processes, also to those that are still loading: it is for this one to
    handle, which sees it at the end of the block.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started before, because it unblocks in its thread what is blocked here.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _handled_later():
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _handled_later() -> Iterator[None]:
    """What another thread takes of a signal is handled in the main one, though that has blocked it."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    taken: list[FrameType | None] = []
    signal.signal(signal.SIGINT, lambda number, frame: taken.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if taken:
            handler(signal.SIGINT, taken[0])


class Inline(Executor):
    """Computes in the caller's own thread while the task is handed over."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Processes(Executor):
    """Several processes of this machine. Each is a pool of its own, so that one that dies takes no other with
    it, and the task it died of is known; a thread here hands it one task after the other.
    """

    def __init__(self, jobs: int, timeout: float | None = None) -> None:
        """At most `jobs` processes, started as they are needed; one that takes twice the `timeout` is
        ended."""
        self.jobs = jobs
        self._limit = None if timeout is None else 2.0 * timeout + GRACE_SECONDS
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._workers: set[_Worker] = set()
        self._is_over = False
        self._has_started = False
        self._lanes: list[threading.Thread] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future result of a call in whichever process is free next."""
        call = _Call(Future(), fn, args, kwargs)
        self._calls.put(call)
        if len(self._lanes) < self.jobs:
            self._open_lane()
        return call.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: at once when there is nobody to `wait`, else when all calls are done."""
        if not wait:
            self._is_over = True
            for worker in [*self._workers]:
                worker.kill()
        for _ in self._lanes:
            self._calls.put(None)
        for lane in self._lanes:
            lane.join()

    def _open_lane(self) -> None:
        lane = threading.Thread(target=self._serve, name=f"lane {len(self._lanes)}", daemon=True)
        with deaf_to_interrupts():
            try:
                lane.start()
            except RuntimeError as error:
                fact = f"the system has no room for another process: {error}"
                raise UserError([Problem(Place("sweep"), fact, "use fewer --jobs")]) from error
            self._lanes.append(lane)

    def _serve(self) -> None:
        worker: _Worker | None = None
        while (call := self._calls.get()) is not None:
            if self._is_over or not call.future.set_running_or_notify_cancel():
                call.future.cancel()
                continue
            try:
                worker = worker or self._started()
                result = worker.call(call, self._limit)
            except BaseException as error:
                self._drop(worker)
                worker = None
                call.future.set_exception(_told(error))
            else:
                call.future.set_result(result)
        self._drop(worker)

    def _started(self) -> _Worker:
        attempts = ATTEMPTS if self._has_started else 1
        for attempt in range(attempts):
            worker = _Worker()
            self._workers.add(worker)
            try:
                worker.start()
            except BrokenProcessPool as error:
                self._drop(worker)
                if attempt + 1 == attempts or self._is_over:
                    fact = "the worker processes do not start"
                    hint = "in a script, call this below `if __name__ == '__main__':`; or use --jobs 1"
                    raise UserError([Problem(Place("sweep"), fact, hint)]) from error
            else:
                self._has_started = True
                return worker
        raise AssertionError("unreachable")

    def _drop(self, worker: _Worker | None) -> None:
        if worker is not None:
            self._workers.discard(worker)
            worker.close()


class _Call(NamedTuple):
    future: Future[Any]
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class _Worker:
    """One process."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=prepare)
        self._process_id: int | None = None

    def start(self) -> None:
        """Wait until it has loaded everything.

        Raises:
            BrokenProcessPool: it does not live that long.
        """
        self._process_id = self._pool.submit(warm_up).result()

    def call(self, call: _Call, limit: float | None) -> Any:
        future = self._pool.submit(call.function, *call.args, **call.kwargs)
        if not wait([future], limit).done:
            self.kill()
            raise StuckError
        return future.result()

    def kill(self) -> None:
        """End the process whatever it is doing; one that is still loading ends when it has."""
        if self._process_id is not None:
            with suppress(OSError):
                os.kill(self._process_id, _KILL)

    def close(self) -> None:
        """Let the process end, and put back what the pool took from the system."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _told(error: BaseException) -> BaseException:
    return WorkerDiedError(str(error)) if isinstance(error, BrokenProcessPool) else error
