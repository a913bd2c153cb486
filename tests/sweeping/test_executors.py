"""Real processes: those that die, hang, cannot start, or lose their parent."""

import csv
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradscope.errors import UserError
from gradscope.sweeping import executors
from gradscope.sweeping.executors import Inline, Processes, StuckError, WorkerDiedError, deaf_to_interrupts
from tests.sweeping.sweeps import driven, environment, write_base

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture(scope="module")
def pair() -> Iterator[Processes]:
    with Processes(2) as pair:
        yield pair


def test_calls_are_answered_by_other_processes_with_one_blas_thread(pair: Processes) -> None:
    found = {pair.submit(os.getpid).result() for _ in range(4)}
    assert os.getpid() not in found
    assert pair.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"
    with pytest.raises(ZeroDivisionError):
        pair.submit(divmod, 1, 0).result()


def test_who_dies_is_replaced_and_takes_nobody_along(pair: Processes) -> None:
    others = [pair.submit(time.sleep, 0.05) for _ in range(2)]
    killed = pair.submit(os._exit, 3)
    after = [pair.submit(os.getpid) for _ in range(4)]
    with pytest.raises(WorkerDiedError):
        killed.result(timeout=20)
    assert [other.result(timeout=20) for other in others] == [None, None]
    assert all(pid.result(timeout=20) for pid in after)


def test_who_does_not_come_back_is_ended() -> None:
    with Processes(1, timeout=0.05) as one:
        executors_pid = one.submit(os.getpid).result()
        one._limit = 0.3
        start = time.perf_counter()
        with pytest.raises(StuckError):
            one.submit(time.sleep, 60).result(timeout=20)
        assert time.perf_counter() - start < 5.0
        assert one.submit(os.getpid).result(timeout=20) != executors_pid


def test_ending_at_once_leaves_no_process_and_no_thread() -> None:
    one = Processes(1)
    pid = one.submit(os.getpid).result()
    running, waiting = one.submit(time.sleep, 60), one.submit(time.sleep, 60)
    time.sleep(0.1)
    start = time.perf_counter()
    one.shutdown(wait=False)
    assert time.perf_counter() - start < 5.0
    assert isinstance(running.exception(), WorkerDiedError)
    assert waiting.cancelled()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not any(lane.is_alive() for lane in one._lanes)


def test_processes_that_do_not_start_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "prepare", os.abort)
    with Processes(1) as one, pytest.raises(UserError) as caught:
        one.submit(os.getpid).result(timeout=20)
    assert str(caught.value) == (
        "sweep: the worker processes do not start; "
        "in a script, call this below `if __name__ == '__main__':`; or use --jobs 1"
    )


def test_inline_answers_at_once() -> None:
    assert Inline().submit(os.getpid).result() == os.getpid()
    assert isinstance(Inline().submit(divmod, 1, 0).exception(), ZeroDivisionError)


def children_of(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@needs_proc
@pytest.mark.parametrize("when", ["loading", "working"])
def test_workers_end_within_seconds_when_the_coordinator_is_killed(when: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    axis = ["--axis", "seed=int:0:99999", "--jobs", "2", "--quiet"]
    process = driven("sweep", write_base(tmp_path), *axis, SABOTAGE_LOG=str(log))
    deadline = time.monotonic() + 30.0
    while when == "working" and not log.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    children = children_of(process.pid)
    process.kill()
    process.communicate(timeout=10)  # ends when the last worker has closed its end
    if when == "working":
        assert len(children) >= 2
    deadline = time.monotonic() + 5.0
    while any(map(is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [child for child in children if is_running(child)]


def test_a_script_without_its_guard_is_told_what_is_missing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            import gradscope
            for point in gradscope.sweep({str(write_base(tmp_path))!r}, {{"depth": [1, 2]}}, jobs=2):
                print(point.axes)
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "call this below `if __name__ == '__main__':`" in done.stderr
    assert done.stdout == ""


def test_no_more_processes_are_started_than_there_are_tasks() -> None:
    with Processes(500) as many:
        assert many.submit(os.getpid).result(timeout=20) != os.getpid()
        assert len(many._lanes) == len(many._workers) == 1


def test_of_a_poison_point_every_other_finishes(tmp_path: Path) -> None:
    poison = "its worker died 3 times while computing it"
    store = tmp_path / "a.sqlite"
    axis = ["--axis", "seed=int:0:29", "--jobs", "2", "--format", "csv", "--store", store]
    process = driven("sweep", write_base(tmp_path), *axis, SABOTAGE_KILL="11")
    stdout, stderr = process.communicate(timeout=60)
    rows = {row["seed"]: row["error"] for row in csv.DictReader(stdout.splitlines())}
    assert rows == {str(seed): poison if seed == 11 else "" for seed in range(30)}
    assert (process.returncode, stderr) == (1, f"30 points in {store}\n")


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="threads share their signals")
def test_an_interrupt_that_another_thread_takes_waits_for_the_end_of_the_block() -> None:
    begun, reached = threading.Event(), []
    taker = threading.Thread(target=lambda: (begun.wait(), signal.raise_signal(signal.SIGINT)))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    taker.start()

    def work() -> None:
        with deaf_to_interrupts():
            begun.set()
            taker.join()
            time.sleep(0.01)
            reached.append("the end")

    try:
        with pytest.raises(KeyboardInterrupt):
            work()
        assert reached == ["the end"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
