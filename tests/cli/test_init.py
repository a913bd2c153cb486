import re
from pathlib import Path

import pytest

from gradscope.config.starter import starter_text
from tests.cli.calls import call


def test_the_starter_passes_check(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    result = call("init", file)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{file}: written; `gradscope run {file}` shows what becomes of its gradient\n"
    checked = call("check", file)
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.startswith(f"✓ healthy     {file}")


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_without_a_file_it_is_printed(arguments: list[str]) -> None:
    result = call("init", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (0, starter_text(), "")


def test_the_starter_is_commented_and_what_is_commented_out_holds_too(tmp_path: Path) -> None:
    text = starter_text()
    assert all(
        "#" in line
        for line in text.splitlines()
        if re.match(r"\w+:.*\S", line) and "dtype" not in line and "seed" not in line
    )
    wide = re.sub(r"^# (name|description|rules):", r"\1:", text, flags=re.MULTILINE)
    file = tmp_path / "net.yaml"
    file.write_text(re.sub(r"^#   (GS\d+):", r"  \1:", wide, flags=re.MULTILINE))
    result = call("run", file, "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.split()[-2:] == ["my", "network"]


def test_a_file_is_never_overwritten_unless_asked(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("mine")
    result = call("init", file)
    assert (result.exit_code, file.read_text()) == (2, "mine")
    assert f"{file} exists; --force overwrites it" in result.stderr
    assert call("init", file, "--force").exit_code == 0
    assert file.read_text() == starter_text()


def test_nor_is_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    link = tmp_path / "net.yaml"
    link.symlink_to(tmp_path / "elsewhere.yaml")
    assert call("init", link).exit_code == 2
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    result = call("init", tmp_path / "no" / "net.yaml")
    assert result.exit_code == 2
    assert "there is no folder" in result.stderr
