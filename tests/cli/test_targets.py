"""No call writes over a file that it reads, or twice over its own."""

import json
import os
from pathlib import Path

import numpy as np
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


@pytest.mark.parametrize("options", [["-o"], ["--write-baseline"], ["--report"]])
def test_a_config_in_a_folder_is_not_written_over(options: list[str], tmp_path: Path) -> None:
    file = small(tmp_path)
    target = f"junit={file}" if options == ["--report"] else file
    result = call("check", tmp_path, *options, target)
    assert (result.exit_code, file.read_text(encoding="utf-8")) == (2, SMALL)
    assert f"{options[0]} would write over {file}: it is read by this very call" in result.stderr


def test_a_report_may_lie_in_the_folder_that_is_checked(tmp_path: Path) -> None:
    small(tmp_path)
    report = tmp_path / "report.yaml"
    for _ in range(2):
        assert call("check", tmp_path, "--format", "json", "-o", report).exit_code == 0
    assert json.loads(report.read_text(encoding="utf-8"))["reports"][0]["name"] == "small"


@pytest.mark.parametrize("name", ["rows.npy", "rows.npz", "rows.data"])
def test_data_are_not_written_over(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    with file.open("wb") as opened:
        (np.savez if name == "rows.npz" else np.save)(opened, np.zeros((64, 4)))
    before = file.read_bytes()
    text = SMALL + f"batch: {{inputs: {{file: {{path: {name}}}}}}}\n"
    result = call("run", small(tmp_path, text=text), "--format", "json", "-o", file)
    assert (result.exit_code, file.read_bytes()) == (2, before)
    assert f"-o would write over {file}: it holds arrays of NumPy; name another file" in result.stderr


def test_the_base_of_a_sweep_file_is_not_written_over(tmp_path: Path) -> None:
    base, file = small(tmp_path), tmp_path / "depths.yaml"
    file.write_text(f"base: {base.name}\naxes: {{seed: [0, 1]}}\n", encoding="utf-8")
    result = call("sweep", file, "-o", base)
    assert (result.exit_code, base.read_text(encoding="utf-8")) == (2, SMALL)
    assert f"-o would write over {base}" in result.stderr


@pytest.mark.parametrize("options", [[], ["--store", "net.sweep.sqlite"]])
def test_a_store_is_not_written_over_by_its_report(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small(tmp_path, "net")
    again = ["sweep", "net.yaml", "--axis", "seed=0,1", "--jobs", "1", *options]
    assert call(*again).exit_code == 0
    store = tmp_path / "net.sweep.sqlite"
    before = store.read_bytes()
    for result in (call(*again, "-o", store.name), call("sweep", "--summary", store.name, "-o", store.name)):
        assert (result.exit_code, store.read_bytes()) == (2, before)
        assert "-o would write over net.sweep.sqlite" in result.stderr


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
