"""A thread that does what it is given in order: what it knows of its leader, and how either ends."""

import threading

import numpy as np
import pytest

from gradscope.engine.following import MOST_BEHIND, followed
from gradscope.engine.threads import go_on, jobs_limit, side_by_side, spare_jobs


def test_tasks_are_done_in_order_by_another_thread_before_the_block_ends() -> None:
    done: list[tuple[int, str]] = []
    with followed() as follower:
        for number in range(50):
            follower.put(lambda n=number: done.append((n, threading.current_thread().name)))
    assert [number for number, _ in done] == list(range(50))
    assert {name for _, name in done} == {"gradscope-follower"}


def test_the_leader_is_never_far_ahead() -> None:
    gate, done = threading.Event(), []
    ahead = []
    with followed() as follower:
        for number in range(3 * MOST_BEHIND):
            follower.put(lambda n=number: (gate.wait(60), done.append(n)))
            ahead.append(number - len(done))
            if number == MOST_BEHIND:  # one is being done, the others wait: the next would not return
                gate.set()
    assert max(ahead) <= MOST_BEHIND + 1
    assert len(done) == 3 * MOST_BEHIND


@pytest.mark.parametrize(("jobs", "shares"), [(2, (0, 0)), (3, (1, 0)), (8, (3, 3))])
def test_both_share_the_threads_of_the_limit(jobs: int, shares: tuple[int, int]) -> None:
    found: list[int] = []
    with jobs_limit(jobs):
        with followed() as follower:
            found.append(spare_jobs())
            follower.put(lambda: found.append(spare_jobs()))
        assert spare_jobs() == jobs - 1
    assert (found[0], found[1]) == shares


def test_the_error_state_goes_along_and_a_mistake_reaches_the_leader() -> None:
    def lead() -> None:
        with followed() as follower:
            follower.put(lambda: np.float64(1.0) / 0.0)
            while True:
                follower.put(lambda: None)

    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        lead()


def test_a_mistake_of_the_last_task_is_not_lost() -> None:
    def fail() -> None:
        raise MemoryError

    with pytest.raises(MemoryError), followed() as follower:
        follower.put(fail)


def test_when_the_leader_fails_what_waits_is_not_done() -> None:
    gate, done = threading.Event(), []

    def lead() -> None:
        with followed() as follower:
            follower.put(lambda: gate.wait(60))
            follower.put(lambda: done.append(1))
            threading.Timer(0.05, gate.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lead()
    assert done == []


def test_a_follower_ends_when_nobody_waits_for_its_leader() -> None:
    """Of two trials one fails: the other one's pass, and what follows it, end at their next step."""
    both = threading.Barrier(2)

    def trial(number: int) -> None:
        if number == 0:
            both.wait(60)
            raise ZeroDivisionError
        with followed() as follower:
            both.wait(60)
            while True:
                follower.put(lambda: None)
                go_on()

    with jobs_limit(4), pytest.raises(ZeroDivisionError):
        side_by_side(trial, range(2))
