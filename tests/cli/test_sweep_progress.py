import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradscope.cli import late_display
from gradscope.cli.sweep_progress import SweepProgress, progress_words
from tests.cli.test_terminal import Terminal
from tests.sweeping.sweeps import ROOT, driven, environment, write_base


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ((1000, 0, 0, 0, 1.0), ""),
        ((1000, 100, 100, 0, 1.0), ""),
        ((1000, 300, 100, 0, 10.0), "20/s, 35 s left"),
        ((1000, 300, 0, 2, 600.0), "0.5/s, 23 min 20 s left, 2 failed"),
        ((10**7, 10**5, 0, 0, 10.0), "10,000/s, 16 min 30 s left"),
    ],
)
def test_words(state: tuple[int, int, int, int, float], words: str) -> None:
    assert progress_words(*state) == words


@pytest.mark.parametrize("shown", [True, False])
def test_points_are_shown_where_somebody_looks(shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(late_display, "DELAY_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with SweepProgress(10, shown=shown) as progress:
        if progress._timer is not None:
            progress._timer.join(10)
        progress.reach(5, 0, 0)
    terminal.flush()
    assert (b"5/10" in terminal.buffer.getvalue()) is shown
    assert bool(terminal.buffer.getvalue()) is shown


def test_a_long_sweep_shows_its_rate_on_a_terminal(tmp_path: Path) -> None:
    driver, axis = str(ROOT / "tests/sweeping/driver.py"), ("--axis", "seed=int:0:4999")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, driver, "sweep", str(write_base(tmp_path)), *axis, "--jobs", "1"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment(SABOTAGE_SLOW="0.01", TERM="xterm", COLUMNS="100"),
    )
    os.close(theirs)
    shown = b""
    try:
        while not (b"/5000" in shown and b"left" in shown):
            shown += os.read(ours, 4096)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"/s," in shown


@pytest.mark.parametrize("when", ["loading", "working"])
def test_control_c_ends_with_130_and_keeps_what_is_done(when: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = driven(
        "sweep", write_base(tmp_path), "--axis", "seed=int:0:4999", "--jobs", "2",
        SABOTAGE_LOG=str(log), SABOTAGE_SLOW="0.02", SABOTAGE_COMMIT="0.1",
    )  # fmt: skip
    store = tmp_path / "net.sweep.sqlite"
    while not (store if when == "loading" else log).exists():
        time.sleep(0.01)
    time.sleep(0.05 if when == "loading" else 0.5)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    stdout, stderr = process.communicate(timeout=20)
    assert (process.returncode, stdout) == (130, "")
    assert stderr == f"interrupted; what was finished is in {store}: the same command goes on from there\n"
    assert sorted(file.name for file in tmp_path.glob("net.sweep*")) == ["net.sweep.sqlite"]
    if when == "loading":  # and whether the store knows of the sweep by then is a matter of luck
        return
    shown = subprocess.run(
        [sys.executable, "-m", "gradscope", "sweep", "--summary", str(store), "--format", "csv"],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert len(shown.stdout.splitlines()) > 1


def test_lines_stream_and_a_reader_may_have_enough(tmp_path: Path) -> None:
    command = (
        f"{sys.executable} {ROOT / 'tests/sweeping/driver.py'} sweep {write_base(tmp_path)} "
        "--axis seed=int:0:99999 --jobs 1 --format jsonl | head -n 3"
    )
    start = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        env=environment(SABOTAGE_COMMIT="0.1"),
        timeout=60,
        check=False,
    )
    assert time.monotonic() - start < 30.0
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 3)
    assert "points in" in done.stderr
    assert "Error" not in done.stderr
