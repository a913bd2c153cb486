"""What somebody sees on a terminal while a network trains."""

import fcntl
import os
import struct
import sys
import termios
import time

import pytest

from gradscope.cli import training_progress as watched
from gradscope.cli.terminal import progress_lines, progress_options, render_options
from tests.cli.test_terminal import Terminal
from tests.render.html.pages import trained


def shown(monkeypatch: pytest.MonkeyPatch, encoding: str = "utf-8") -> str:
    terminal = Terminal(encoding)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(watched, "DELAY_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    report = trained()
    with watched.training_progress(report.training, quiet=False) as tell:
        assert tell is not None
        for _ in range(1000):
            for step in report.steps:
                tell(step)
            terminal.flush()
            if terminal.buffer.tell():
                break
            time.sleep(0.01)
    terminal.flush()
    return terminal.buffer.getvalue().decode(encoding)


def test_the_map_has_the_symbols_and_colours_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch)
    assert "|∂L/∂θ|" in text
    assert "█" in text
    assert "\x1b[38;" in text or "\x1b[3" in text


def test_the_map_keeps_to_what_the_terminal_can_write(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, "ascii")
    assert "|dL/d" in text
    assert "█" not in text


def test_a_map_is_not_drawn_for_every_step_of_a_fast_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "REDRAW_SECONDS", 1e9)
    text = shown(monkeypatch)
    # Drawn when it appears and when it ends; told were nine steps, as often as it took to appear.
    assert text.count("first/last") <= 2


def test_its_size_is_that_of_the_terminal_it_is_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    parent, child = os.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 7, 57, 0, 0))
    with os.fdopen(parent, "rb"), os.fdopen(child, "w") as terminal:
        monkeypatch.setattr(sys, "__stderr__", terminal)
        monkeypatch.setattr(sys, "__stdout__", None)
        assert (progress_options().width, progress_lines()) == (57, 7)
        assert render_options(to_file=False).width == 80
