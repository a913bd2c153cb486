"""Pages from the command line: real networks, real files."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.calls import BROKEN, call, small

NET = """\
name: pictured
input: 8
init: he_normal
params: {depth: 4}
layers:
  - {repeat: "${depth}", layers: [dense: 16, relu]}
  - dense: 2
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return small(tmp_path, "net", NET)


def test_a_run_is_drawn_with_what_theory_says(net: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = call("run", net, "--format", "html", "-o", page)
    assert (result.exit_code, result.output) == (0, "")
    text = page.read_text(encoding="utf-8")
    assert "<title>pictured: healthy</title>" in text
    assert "theory for ∂L/∂y" in text


def test_a_page_beside_the_table(net: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = call("run", net, "--report", f"html={page}")
    assert "pictured" in result.stdout
    assert "<" not in result.stdout.replace("<0.1%", "")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_several_configs_and_a_broken_one(net: Path, tmp_path: Path) -> None:
    result = call("run", net, small(tmp_path, "broken", BROKEN), net, "--format", "html")
    assert result.exit_code == 2
    assert result.stdout.count("theory for ∂L/∂y</li>") == 2
    assert "✗ broken" in result.stdout


def test_a_check_a_comparison_and_a_sweep(net: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert call("check", net, "--format", "html", "-o", page).exit_code == 0
    assert "1 config: 1 passes" in page.read_text(encoding="utf-8")
    assert call("compare", net, "--set", "depth=6", "--format", "html", "-o", page).exit_code == 0
    assert "no finding was gained or lost" in page.read_text(encoding="utf-8")
    axes = ("--axis", "depth=2,3", "--axis", "init=he_normal,zeros", "--trials", "1", "--jobs", "1")
    assert call("sweep", net, *axes, "--format", "html", "-o", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "4 points: " in text
    assert "Verdicts along depth" in text


def test_a_place_that_cannot_be_written(net: Path, tmp_path: Path) -> None:
    result = call("run", net, "--format", "html", "-o", tmp_path / "none" / "page.html")
    assert result.exit_code == 2
    assert "there is no folder" in result.stderr


def test_a_png_goes_to_a_file_or_a_pipe(net: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    sheet = tmp_path / "sheet.png"
    for command in (("run", net), ("train", net, "--steps", 2, "-q"), ("compare", net, "--set", "depth=2")):
        result = call(*command, "--format", "png", "-o", sheet)
        assert (result.exit_code, result.output) == (0, "")
        assert sheet.read_bytes().startswith(b"\x89PNG")
        sheet.unlink()
    assert call("run", net, "--format", "png").stdout_bytes.startswith(b"\x89PNG")
    store = ("--store", tmp_path / "s.sqlite")
    assert call("sweep", net, "--axis", "depth=1,2", *store, "--format", "png", "-o", sheet).exit_code == 0
    assert sheet.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("command", ["run", "train", "compare", "sweep"])
def test_a_png_without_matplotlib_names_the_extra(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradscope.cli.options.find_spec", lambda name: None)
    result = call(command, "missing.yaml", "--format", "png", "-o", "x.png")
    assert result.exit_code == 2
    assert "pip install 'gradscope[plot]'" in result.stderr


def test_a_terminal_is_sent_no_png(net: Path) -> None:
    pytest.importorskip("matplotlib")
    command = [sys.executable, "-m", "gradscope", "run", str(net), "--format", "png"]
    ours, theirs = pty.openpty()
    result = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    os.close(ours)
    assert result.returncode == 2
    assert "a terminal cannot show a PNG; name a file with -o FILE" in result.stderr
