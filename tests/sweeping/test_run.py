"""The loop, with an executor that does what a test tells it to."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from gradscope.errors import UserError
from gradscope.sweeping import run as run_module
from gradscope.sweeping.executors import Crew, Inline, StuckError, WorkerDiedError
from gradscope.sweeping.job import Job
from gradscope.sweeping.outcome import SweepPoint
from gradscope.sweeping.run import run
from gradscope.sweeping.store import Store
from gradscope.sweeping.worker import Task
from tests.sweeping.sweeps import base_of, job, swept


class Scripted(Executor):
    """Computes in one other thread; before each task a script may raise for it."""

    def __init__(self, script: Callable[[list[int]], None] = lambda numbers: None) -> None:
        self.tasks: list[list[int]] = []
        self.most_waiting = 0
        self._script = script
        self._calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._serve, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._calls.put((future, fn, args))
        self.most_waiting = max(self.most_waiting, self._calls.qsize())
        return future

    def _serve(self) -> None:
        while True:
            future, fn, (task,) = self._calls.get()
            assert isinstance(task, Task)
            numbers = [point.number for point in task.points]
            self.tasks.append(numbers)
            try:
                self._script(numbers)
                future.set_result(fn(task))
            except BaseException as error:
                future.set_exception(error)


def crew(executor: Executor, *, slots: int = 1, seconds: float = 0.02) -> Crew:
    return Crew(executor, lambda: slots, seconds)


def points_of(found: Job, crew: Crew, path: Path | None = None) -> Iterator[list[SweepPoint]]:
    if path is None:
        yield from run(found, crew, None)
        return
    with Store(str(path), writable=True) as store:
        sweep = store.begin(found.digest, found.definition, found.design.names)
        yield from run(found, crew, store, sweep)


def numbers_of(batches: Iterator[list[SweepPoint]]) -> list[int]:
    return [point.number for batch in batches for point in batch]


def dying(*poison: int) -> Callable[[list[int]], None]:
    def script(numbers: list[int]) -> None:
        if set(poison) & set(numbers):
            raise WorkerDiedError

    return script


def test_small_points_go_in_tasks_and_only_some_wait(tmp_path: Path) -> None:
    executor = Scripted()
    found = job(base_of(tmp_path), {"seed": "int:0:299"})
    assert sorted(numbers_of(points_of(found, crew(executor, slots=2)))) == [*range(300)]
    assert executor.most_waiting <= 4
    assert len(executor.tasks[0]) == 1  # nothing is known of the time yet
    assert max(map(len, executor.tasks)) > 1
    assert sorted(number for task in executor.tasks for number in task) == [*range(300)]


def test_a_point_that_kills_three_workers_is_a_failure_and_all_others_finish(tmp_path: Path) -> None:
    executor = Scripted(dying(17, 60))
    found = job(base_of(tmp_path), {"seed": "int:0:99"})
    points = [point for batch in points_of(found, crew(executor)) for point in batch]
    assert sorted(point.number for point in points) == [*range(100)]
    failed = {point.number: point.error for point in points if point.error is not None}
    assert failed == dict.fromkeys((17, 60), "its worker died 3 times while computing it")
    for poison in (17, 60):
        assert [poison in task for task in executor.tasks].count(True) == 3
        assert executor.tasks.count([poison]) >= 2
    healthy = [number for task in executor.tasks for number in task if number not in (17, 60)]
    assert max(map(healthy.count, healthy)) <= 2


def test_a_task_that_got_stuck_is_tried_point_by_point(tmp_path: Path) -> None:
    def script(numbers: list[int]) -> None:
        if 40 in numbers:
            raise StuckError

    executor = Scripted(script)
    found = job(base_of(tmp_path), {"seed": "int:0:59"}, timeout=30.0)
    points = [point for batch in points_of(found, crew(executor)) for point in batch]
    assert sorted(point.number for point in points) == [*range(60)]
    assert {point.number: point.error for point in points if point.error} == {40: "took longer than 30 s"}
    assert executor.tasks.count([40]) == 1


def test_workers_that_fail_end_the_sweep_with_words_and_what_came_before_is_stored(tmp_path: Path) -> None:
    def script(numbers: list[int]) -> None:
        if 30 in numbers:
            raise ModuleNotFoundError("No module named 'gradscope'")

    found = job(base_of(tmp_path), {"seed": "int:0:59"})
    path = tmp_path / "a.sqlite"
    with pytest.raises(UserError) as caught:
        numbers_of(points_of(found, crew(Scripted(script)), path))
    assert str(caught.value) == (
        "workers: a task failed with ModuleNotFoundError: No module named 'gradscope'; "
        "see that they have the same gradscope and run again: it goes on where it stopped"
    )
    assert [point.is_stored for point in swept(found, path)].count(True) >= 10


def test_a_failed_combination_is_a_point_and_the_sweep_goes_on(tmp_path: Path) -> None:
    points = swept(job(base_of(tmp_path), {"depth": [1, 0, 2]}))
    assert [point.verdict is None for point in points] == [False, True, False]
    assert points[1].error is not None


def test_fail_fast_ends_with_the_first_failure(tmp_path: Path) -> None:
    base, path = base_of(tmp_path), tmp_path / "a.sqlite"
    points = swept(job(base, {"depth": [1, 0, *range(2, 40)]}, fail_fast=True), path)
    assert [point.number for point in points] == [0, 1]
    assert points[-1].error is not None
    points = swept(job(base, {"depth": [1, 0, *range(2, 40)]}), path)
    assert [point.is_stored for point in points[:2]] == [True, True]
    assert len(points) == 40


def test_failed_points_are_computed_again_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    executor = Scripted(dying(3))
    found = job(base_of(tmp_path), {"seed": "int:0:9"})
    numbers_of(points_of(found, crew(executor), path))
    again = swept(found, path)
    assert [point.number for point in again if point.error] == [3]
    assert all(point.is_stored for point in again)
    retried = swept(job(base_of(tmp_path), {"seed": "int:0:9"}, retry_failed=True), path)
    assert [point.number for point in retried if not point.is_stored] == [3]
    assert not any(point.error for point in retried)
    assert not any(point.error for point in swept(found, path))


def test_what_is_handed_on_is_in_the_store(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    found = job(base_of(tmp_path), {"seed": "int:0:99"})
    seen = 0
    for batch in points_of(found, crew(Scripted()), path):
        seen += len(batch)
        with Store(str(path), writable=False) as reader:
            assert reader.count(1) >= seen
    assert seen == 100


def test_results_wait_no_longer_than_half_a_second(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    found = job(base_of(tmp_path), {"seed": "int:0:17"})
    waits = []
    last = time.monotonic()
    for _ in points_of(found, crew(Scripted(lambda numbers: time.sleep(0.1)), seconds=0.001), path):
        waits.append(time.monotonic() - last)
        last = time.monotonic()
    assert len(waits) >= 3
    assert max(waits) < run_module.COMMIT_SECONDS + 0.4


def test_whoever_stops_early_keeps_what_was_finished(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    found = job(base_of(tmp_path), {"seed": "int:0:999"})
    executor = Scripted()
    batches = points_of(found, crew(executor), path)
    seen = len(next(batches))
    time.sleep(0.2)
    batches.close()  # type: ignore[attr-defined]
    finished = sum(map(len, executor.tasks))
    with Store(str(path), writable=False) as reader:
        assert seen <= reader.count(1) <= finished
        assert reader.count(1) >= finished - 2 * max(map(len, executor.tasks))


def test_a_control_c_keeps_what_was_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.sqlite"
    found = job(base_of(tmp_path), {"seed": "int:0:99"})
    monkeypatch.setattr(run_module, "COMMIT_SECONDS", 60.0)
    taken: list[Any] = []
    real = run_module._Loop._take

    def interrupted(self: Any, future: Any) -> None:
        real(self, future)
        taken.append(future)
        if len(taken) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(run_module._Loop, "_take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        numbers_of(points_of(found, crew(Scripted()), path))
    with Store(str(path), writable=False) as reader:
        assert reader.count(1) >= len(taken) == 5


def test_nothing_is_lost_when_the_store_fails_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.sqlite"
    found = job(base_of(tmp_path), {"seed": "int:0:19"})
    real = Store.add
    failures = iter([True])

    def failing(self: Store, *args: Any) -> None:
        if next(failures, False):
            raise UserError([])
        real(self, *args)

    monkeypatch.setattr(Store, "add", failing)
    with pytest.raises(UserError):
        numbers_of(points_of(found, crew(Scripted()), path))
    assert any(point.is_stored for point in swept(found, path))


def test_a_condition_without_an_answer_is_the_users_error(tmp_path: Path) -> None:
    from gradscope.errors import Place
    from gradscope.sweeping.axes import make_axis
    from gradscope.sweeping.sweep import make_design

    base = base_of(tmp_path)
    axes = [make_axis("depth", [1, 2, 3], Place("depth"))]
    found = Job(base=base, design=make_design(base, axes, where="1 / (depth - 3) < 9 and width == 4"))
    with pytest.raises(UserError, match=r"has no answer at depth=3: .*division by zero"):
        numbers_of(points_of(found, crew(Scripted())))


def test_points_another_sweep_computed_are_taken_from_it(tmp_path: Path) -> None:
    base, path = base_of(tmp_path), tmp_path / "a.sqlite"
    swept(job(base, {"depth": [1, 2], "act": ["relu", "tanh"]}), path)
    points = swept(job(base, {"act": ["tanh", "relu", "elu"], "depth": [2, 3]}), path)
    assert [(point.axes["act"], point.axes["depth"]) for point in points if point.is_stored] == [
        ("tanh", 2),
        ("relu", 2),
    ]
    edited = base_of(tmp_path, "# a comment\n" + (tmp_path / "net.yaml").read_text())
    assert all(point.is_stored for point in swept(job(edited, {"depth": [3, 1, 2], "act": "tanh"}), path)[1:])


def test_inline_points_are_stored_one_by_one_when_they_take_long(tmp_path: Path) -> None:
    found = job(base_of(tmp_path), {"seed": "int:0:3"})

    class Slow(Inline):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future = super().submit(fn, *args, **kwargs)
            results = [result._replace(seconds=1.0) for result in future.result()]
            slow: Future[Any] = Future()
            slow.set_result(results)
            return slow

    inline = Crew(Slow(), lambda: 1, 0.0, is_inline=True)
    seen = [len(batch) for batch in run(found, inline, None)]
    assert seen == [1, 1, 1, 1]
