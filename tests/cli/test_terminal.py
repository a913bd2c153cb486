import io
import sys

import pytest

from gradscope.cli.terminal import render_options, shows_progress
from tests.cli.calls import call

SICK = "input: 4\ntrials: 1\ninit: glorot_uniform\nlayers: [{repeat: 9, layers: [dense: 4, sigmoid]}, dense: 2]\n"


class Terminal(io.TextIOWrapper):
    """Somebody who looks."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "is_terminal", "ansi", "color"),
    [
        ({}, True, True, True),
        ({}, False, False, True),
        ({"NO_COLOR": "1"}, True, True, False),
        ({"NO_COLOR": ""}, True, True, True),
        ({"FORCE_COLOR": "1"}, False, True, True),
        ({"FORCE_COLOR": ""}, False, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, True, False),
        ({"TERM": "dumb"}, True, False, True),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True, True),
    ],
)
def test_styles(
    environment: dict[str, str], is_terminal: bool, ansi: bool, color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "stdout", Terminal() if is_terminal else io.StringIO())
    options = render_options(to_file=False)
    assert (options.ansi, options.color) == (ansi, color)


@pytest.mark.parametrize(
    ("encoding", "unicode"), [("utf-8", True), ("ascii", False), ("latin-1", False), ("cp437", False)]
)
def test_symbols_are_drawn_where_the_encoding_has_them(
    encoding: str, unicode: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal(encoding))
    assert render_options(to_file=False).unicode is unicode
    assert render_options(to_file=True).unicode is True


@pytest.mark.parametrize(
    ("columns", "width"),
    [("123", 123), ("0", 80), ("wide", 80), ("", 80), ("1", 20), ("-1", 80), ("9" * 30, 10_000)],
)
def test_columns_are_honoured(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert render_options(to_file=True).width == width
    assert render_options(to_file=False).width == width


@pytest.mark.parametrize("command", ["run", "check", "theory", "explain", "rules"])
@pytest.mark.parametrize("columns", ["1", "20", "9" * 30])
def test_every_table_is_written_however_narrow_or_wide_the_terminal(
    command: str, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    arguments = {"explain": ["GS101"], "rules": []}.get(command, ["-"])
    result = call(command, *arguments, stdin=SICK)
    assert result.exit_code in (0, 1)
    assert result.stdout


def test_progress_is_for_somebody_who_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert shows_progress(quiet=False)
    assert not shows_progress(quiet=True)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not shows_progress(quiet=False)
