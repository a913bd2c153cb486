import io
import sys
import threading

import pytest

from gradscope.cli import progress
from gradscope.cli.progress import Progress
from tests.cli.test_terminal import Terminal


def test_a_short_call_shows_nothing_and_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    before = threading.active_count()
    with Progress(3, shown=True) as bar, bar.part(3) as reach:
        reach(1)
    terminal.flush()
    assert terminal.buffer.getvalue() == b""
    assert threading.active_count() <= before + 1


def test_a_long_call_shows_how_many_trials_are_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "DELAY_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with Progress(5, shown=True) as bar:
        bar._timer.join(10)
        with bar.part(3) as reach:
            reach(2)
            reach(1)
        with bar.part(2) as reach:
            reach(1)
    terminal.flush()
    shown = terminal.buffer.getvalue().decode()
    assert "trials" in shown
    assert "4/5" in shown or "5/5" in shown


def test_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "DELAY_SECONDS", 0.0)
    with Progress(3, shown=False) as bar, bar.part(3) as reach:
        reach(3)
    assert stream.getvalue() == ""
