import io
import sys
import threading

import pytest

from gradscope.cli import late_display
from gradscope.cli.late_display import LateDisplay
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
    monkeypatch.setattr(late_display, "DELAY_SECONDS", 0.0)
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
    monkeypatch.setattr(late_display, "DELAY_SECONDS", 0.0)
    with Progress(3, shown=False) as bar, bar.part(3) as reach:
        reach(3)
    assert stream.getvalue() == ""


class Shown:
    """A display that writes down what happens to it."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def start(self) -> None:
        self.told.append("start")

    def stop(self) -> None:
        self.told.append("stop")


def test_what_comes_late_begins_in_the_state_it_was_told_last() -> None:
    made = Shown()
    with LateDisplay(lambda console: made, shown=True, seconds=0.2) as display:
        display.update(lambda shown: shown.told.append("first"))
        display.update(lambda shown: shown.told.append("second"))
        assert made.told == []
        display._timer.join(10)
        assert made.told == ["start", "second"]
        display.update(lambda shown: shown.told.append("third"))
    assert made.told == ["start", "second", "third", "stop"]
