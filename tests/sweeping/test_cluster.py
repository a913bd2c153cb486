"""Dask: a local cluster, and a real scheduler with worker processes that are killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import pytest

import gradscope
from gradscope.errors import UserError
from gradscope.sweeping import cluster
from gradscope.sweeping.cluster import ClusterTasks
from gradscope.sweeping.executors import WorkerDiedError
from gradscope.sweeping.sweep import Workforce, run_job
from tests.sweeping.sweeps import base_of, environment, job, write_base
from tests.sweeping.test_sweep import AXES, told

pytestmark = pytest.mark.filterwarnings("default")  # its own are not ours to mend

POISON = 5000


def needs_dask() -> Any:
    return pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, in whom point 5000 is poison."""
    needs_dask()
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    common = ["--no-dashboard", "--scheduler-file", str(file)]
    variables = environment(
        SABOTAGE_KILL=str(POISON), SABOTAGE_SLOW="0.005", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *options, *common],
            env=variables,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for module, options in (
            ("dask_scheduler", ["--port", "0"]),
            ("dask_worker", ["--nworkers", "2", "--nthreads", "1", "--preload", "tests.sweeping.saboteur"]),
        )
    ]
    try:
        deadline = time.monotonic() + 30.0
        while not (file.exists() and file.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(processes):
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def test_a_local_cluster_gives_the_same_bits_as_this_process(tmp_path: Path) -> None:
    needs_dask()
    file = write_base(tmp_path)
    here = [*gradscope.sweep(file, AXES)]
    there = [*gradscope.sweep(file, AXES, dask="local", jobs=2)]
    assert told(here) == told(there)


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(scheduler: str, tmp_path: Path) -> None:
    distributed = needs_dask()
    found = job(base_of(tmp_path), {"seed": "int:0:399"})
    points: list[gradscope.SweepPoint] = []
    with distributed.Client(scheduler, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)
        workers = client.run(os.getpid)
        assert len(workers) == 2
        killed = False
        for batch in run_job(found, Workforce(scheduler=scheduler), str(tmp_path / "a.sqlite")):
            points += batch
            if not killed:
                os.kill(next(iter(workers.values())), signal.SIGKILL)
                killed = True
    assert killed
    assert sorted(point.number for point in points) == [*range(400)]
    assert not [point.error for point in points if point.error]
    here = [point for batch in run_job(found, Workforce(), None) for point in batch]
    assert [row[2:4] for row in told(points)] == [row[2:4] for row in told(here)]


def test_of_a_poison_point_every_other_finishes(scheduler: str, tmp_path: Path) -> None:
    file = write_base(tmp_path)
    where = f"seed < 60 or seed >= {POISON - 3} and seed < {POISON + 3}"
    points = [*gradscope.sweep(file, {"seed": "int:0:9999"}, where=where, dask=scheduler)]
    assert sorted(point.number for point in points) == [*range(60), *range(POISON - 3, POISON + 3)]
    failed = {point.number: point.error for point in points if point.error is not None}
    assert failed == {POISON: "its worker died 3 times while computing it"}


class Alone:
    """A client, its event loop and its future of the one task that ends as it is told."""

    def __init__(self, outcome: object) -> None:
        self.loop = self
        self.cancelled: list[object] = []
        self._outcome = outcome

    def submit(self, function: object, *, pure: bool) -> object:
        assert not pure
        return function

    def add_callback(self, deliver: Callable[..., Coroutine[Any, Any, None]], *args: object) -> None:
        if self._outcome is not None:
            asyncio.run(deliver(*args))

    async def gather(self, task: object, *, asynchronous: bool) -> object:
        assert asynchronous
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome

    def cancel(self, tasks: list[object], *, force: bool) -> None:
        assert force
        self.cancelled += tasks


@pytest.mark.parametrize("error", [WorkerDiedError("while its result was fetched"), ZeroDivisionError()])
def test_a_task_whose_result_cannot_be_fetched_ends_with_the_reason(error: Exception) -> None:
    executor = ClusterTasks(Alone(error))
    assert executor.submit(os.getpid).exception(timeout=1) is error


def test_a_task_that_is_cancelled_ends_too() -> None:
    for error in (asyncio.CancelledError(), futures.CancelledError()):
        future = ClusterTasks(Alone(error)).submit(os.getpid)
        assert futures.wait([future], timeout=1).done
        assert future.cancelled()


def test_only_tasks_that_are_not_finished_are_taken_back() -> None:
    for client, taken_back in ((Alone(5), []), (Alone(None), [os.getpid])):
        executor = ClusterTasks(client)
        future = executor.submit(os.getpid)
        executor.shutdown(wait=False)
        assert (future.done(), client.cancelled) == (not taken_back, taken_back)


def test_without_dask_one_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(cluster, "import_module", missing)
    with pytest.raises(UserError) as caught:
        next(gradscope.sweep(write_base(tmp_path), {"depth": [1]}, dask="tcp://host:8786"))
    assert str(caught.value) == (
        "--dask tcp://host:8786: the package distributed is not installed; pip install 'gradscope[dask]'"
    )


def test_without_a_scheduler_one_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_dask()
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    for address in ("tcp://127.0.0.1:9", "nowhere://"):
        with pytest.raises(UserError) as caught:
            next(gradscope.sweep(write_base(tmp_path), {"depth": [1]}, dask=address))
        assert str(caught.value).startswith(f"--dask {address}: there is no Dask scheduler: ")
        assert str(caught.value).endswith("; write its address like tcp://host:8786, or --dask local")
