"""No call writes over a file that it reads, or twice over its own."""

import os
from pathlib import Path

import pytest

from tests.cli.calls import SMALL, call, small


@pytest.mark.parametrize("command", ["run", "check", "theory", "fix", "train", "compare", "sweep"])
def test_a_config_is_not_written_over_by_its_report(command: str, tmp_path: Path) -> None:
    file = small(tmp_path)
    result = call(command, file, "-o", file)
    assert result.exit_code == 2
    assert f"-o would write over {file}" in result.stderr
    assert file.read_text(encoding="utf-8") == SMALL


def test_nor_by_a_copy_of_it_under_another_name(tmp_path: Path) -> None:
    file, link = small(tmp_path), tmp_path / "link.xml"
    os.symlink(file, link)
    result = call("check", file, "--report", f"junit={link}")
    assert (result.exit_code, file.read_text(encoding="utf-8")) == (2, SMALL)
    assert "--report would write over" in result.stderr


def test_a_baseline_is_not_written_over(tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    assert call("check", small(tmp_path), "--write-baseline", known).exit_code == 0
    before = known.read_bytes()
    result = call("check", small(tmp_path), "--baseline", known, "-o", known)
    assert (result.exit_code, known.read_bytes()) == (2, before)


@pytest.mark.parametrize("options", [["-o"], ["--write-baseline"]])
def test_two_reports_are_not_one_file(options: list[str], tmp_path: Path) -> None:
    target = tmp_path / "out"
    result = call("check", small(tmp_path), *options, target, "--report", f"junit={target}")
    assert result.exit_code == 2
    assert not target.exists()


def test_two_reports_may_go_nowhere(tmp_path: Path) -> None:
    result = call("check", small(tmp_path), "-o", os.devnull, "--report", f"junit={os.devnull}")
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_report_from_before_is_written_over(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    for _ in range(2):
        assert call("run", small(tmp_path), "--format", "json", "-o", target).exit_code == 0
