"""Pages from the command line: real networks, real files."""

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


def test_theory_is_asked_only_for_pictures(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(config: object) -> None:
        raise AssertionError("nobody draws it")

    monkeypatch.setattr("gradscope.outlook.foretell", refuse)
    assert call("run", net).exit_code == 0
    assert call("run", net, "--format", "html").exit_code == 3


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
