"""How work is laid side by side: independent tasks in threads, each matrix product on one BLAS thread.

Results never depend on the number of threads: tasks are independent and their results keep the order of the
items.
"""

import contextvars
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")

BLAS_VARIABLE = "OPENBLAS_NUM_THREADS"
"""NumPy's wheels carry OpenBLAS; set to 1 before NumPy is loaded, this keeps every product on one thread at
no cost."""

_jobs: contextvars.ContextVar[int] = contextvars.ContextVar("jobs", default=1)

_over: contextvars.ContextVar[threading.Event | None] = contextvars.ContextVar("over", default=None)
"""Set once nobody waits for the results of the tasks any more."""


_beside: contextvars.ContextVar[threading.Thread | None] = contextvars.ContextVar("beside", default=None)
"""A thread that works beside this one, and counts as one of its own as long as it does."""


class AbandonedError(BaseException):
    """A task ended early: its caller has failed or was interrupted. Nobody may take it for a result."""


def available_jobs() -> int:
    """The number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def jobs_limit(jobs: int) -> Iterator[None]:
    """Let `side_by_side` use up to `jobs` threads inside the block."""
    token = _jobs.set(max(1, jobs))
    try:
        yield
    finally:
        _jobs.reset(token)


def side_by_side(task: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """[task(item) for item in items], in threads when `jobs_limit` allows more than one.

    Every thread works in a copy of the caller's context: NumPy's error state goes along. Tasks may call
    `side_by_side` again: they share the limit, and because inner tasks only get threads when there are at
    least twice as many as outer ones, nobody waits for a thread that waits. After a mistake in one task, or
    Ctrl-C, those that are begun end at their next `go_on`.
    """
    jobs = spare_jobs() + 1
    if jobs < 2 or len(items) < 2:
        return [task(item) for item in items]
    share = max(1, jobs // len(items))
    left = deque(enumerate(items))
    results: dict[int, Result] = {}
    over = _over.get() or threading.Event()

    def work() -> None:
        """Take what is left, one after the other: waking a thread costs more than many an item."""
        _over.set(over)
        _beside.set(None)
        try:
            with jobs_limit(share):
                while left:
                    try:
                        number, item = left.popleft()
                    except IndexError:  # another thread was quicker
                        return
                    results[number] = task(item)
        except BaseException:
            over.set()
            left.clear()
            raise

    _take_part(work, min(jobs, len(items)) - 1, over)
    return [results[number] for number in range(len(items))]


def _take_part(work: Callable[[], None], others: int, over: threading.Event) -> None:
    """Work in this thread and in so many others; back when all of them are done."""
    # Takes 4 ms to import, which a run without threads need not wait for.
    from concurrent.futures import as_completed, wait

    pool = _pool(_jobs.get())
    futures = [pool.submit(contextvars.copy_context().run, work) for _ in range(others)]
    try:
        contextvars.copy_context().run(work)
        # Whoever has not begun by now finds nothing left to do.
        for future in as_completed([future for future in futures if not future.cancel()]):
            future.result()
    except BaseException as error:
        over.set()
        begun = [future for future in futures if not future.cancel()]
        wait(begun)
        raise _cause(error, (future.exception() for future in begun)) from None


def _cause(error: BaseException, errors: Iterable[BaseException | None]) -> BaseException:
    """The one that made the others give up."""
    if not isinstance(error, AbandonedError):
        return error
    return next((each for each in errors if each and not isinstance(each, AbandonedError)), error)


def go_on() -> None:
    """Asked between the steps of long work.

    Raises:
        AbandonedError: nobody waits for this task any more.
    """
    over = _over.get()
    if over is not None and over.is_set():
        raise AbandonedError


def spare_jobs() -> int:
    """Threads that may be used besides this one, and besides the one that works beside it."""
    thread = _beside.get()
    return _jobs.get() - (1 if thread is None or not thread.is_alive() else 2)


@contextmanager
def beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Have another thread work while the block runs. Until it is done, it is one of those that may be used;
    at the end of the block it is told by an event to end, and waited for."""
    is_over = threading.Event()
    with jobs_limit(1):
        context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work, is_over), name="gradscope-beside")
    thread.start()
    token = _beside.set(thread)
    try:
        yield
    finally:
        _beside.reset(token)
        is_over.set()
        thread.join()


@lru_cache(maxsize=4)
def _pool(jobs: int) -> "ThreadPoolExecutor":
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(jobs, thread_name_prefix="gradscope")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold every BLAS to one thread inside the block, and give the caller back what was set before.

    More threads change the last bits of a product with their number, and are slower on small matrices.
    """
    if os.environ.get(BLAS_VARIABLE) == "1":
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
