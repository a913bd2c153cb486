"""Work laid side by side: order, limits, nesting, and what the threads know of their caller."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from gradscope.engine.threads import (
    available_jobs,
    beside,
    go_on,
    jobs_limit,
    one_blas_thread,
    side_by_side,
    spare_jobs,
)

every_limit = pytest.mark.parametrize("jobs", [1, 2, 3, 8])


@every_limit
def test_results_keep_the_order_of_the_items(jobs: int) -> None:
    with jobs_limit(jobs):
        assert side_by_side(lambda item: item**2, range(20)) == [item**2 for item in range(20)]


def test_one_job_and_one_item_stay_in_the_calling_thread() -> None:
    def name(_: int) -> str:
        return threading.current_thread().name

    assert set(side_by_side(name, range(5))) == {threading.current_thread().name}
    with jobs_limit(4):
        assert side_by_side(name, [0]) == [threading.current_thread().name]


def test_two_jobs_work_at_the_same_time() -> None:
    """Each waits for the other to have begun."""
    both = threading.Barrier(2)
    with jobs_limit(2):
        assert sorted(side_by_side(lambda _: both.wait(60), range(2))) == [0, 1]


@every_limit
def test_nested_work_ends(jobs: int) -> None:
    """Three levels, more items than threads on each: nobody may wait for a thread that waits."""

    def innermost(item: int) -> int:
        return item

    def inner(item: int) -> int:
        return item + sum(side_by_side(innermost, range(3)))

    def outer(item: int) -> int:
        return item + sum(side_by_side(inner, range(3)))

    with jobs_limit(jobs):
        assert side_by_side(outer, range(3)) == [12, 13, 14]


@pytest.mark.parametrize("jobs", [2, 3])
def test_who_works_beside_is_one_of_the_threads_as_long_as_he_does(jobs: int) -> None:
    may_end, spare = threading.Event(), []

    def work(is_over: threading.Event) -> None:
        spare.append(spare_jobs())
        may_end.wait(60)

    with jobs_limit(jobs):
        with beside(work):
            assert spare_jobs() == jobs - 2
            assert side_by_side(lambda _: spare_jobs(), range(jobs)) == [0] * jobs
            may_end.set()
            while spare_jobs() < jobs - 1:
                pass
        assert spare_jobs() == jobs - 1
    assert spare == [0]


def test_who_works_beside_is_told_that_the_block_has_ended() -> None:
    told = []
    with pytest.raises(KeyError), jobs_limit(2), beside(lambda is_over: told.append(is_over.wait(60))):
        raise KeyError
    assert told == [True]


def test_the_limit_ends_with_its_block() -> None:
    main = threading.current_thread().name
    with jobs_limit(4):
        pass
    assert side_by_side(lambda _: threading.current_thread().name, range(2)) == [main, main]


@every_limit
def test_a_mistake_in_a_task_reaches_the_caller(jobs: int) -> None:
    def task(item: int) -> float:
        return 1.0 / item

    with jobs_limit(jobs), pytest.raises(ZeroDivisionError):
        side_by_side(task, [2, 1, 0])


def test_work_that_nobody_waits_for_ends_early() -> None:
    """Deep inside, and without an end of its own."""
    begun = threading.Event()

    def endless(_: int) -> None:
        begun.set()
        while True:
            go_on()

    def failing(item: int) -> None:
        assert begun.wait(60)
        raise ValueError("no")

    def task(inner: Callable[[int], None]) -> None:
        side_by_side(inner, range(2))

    for tasks in ([failing, endless], [endless, failing]):
        begun.clear()
        with jobs_limit(8), pytest.raises(ValueError, match="no"):
            side_by_side(task, tasks)


@every_limit
def test_numpy_is_as_silent_in_the_threads_as_around_them(jobs: int) -> None:
    large = np.float32(3e38)
    with jobs_limit(jobs), np.errstate(over="ignore"):
        assert side_by_side(lambda _: large * large, range(4)) == [np.inf] * 4
    with jobs_limit(jobs), np.errstate(over="raise"), pytest.raises(FloatingPointError):
        side_by_side(lambda _: large * large, range(4))


def test_products_run_on_one_thread_and_the_callers_setting_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)

    def threads() -> list[int]:
        return [found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"]

    with threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        with one_blas_thread():
            assert set(threads()) == {1}
        assert threads() == before


def test_there_is_at_least_one_processor() -> None:
    assert available_jobs() >= 1
