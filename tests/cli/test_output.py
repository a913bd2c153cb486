import json
import os
import stat
from pathlib import Path

import pytest

from gradscope.cli.output import write
from gradscope.errors import UserError
from tests.cli.calls import call, diagnosed, small
from tests.render import reports


def test_a_report_in_a_file_is_plain_utf8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"small": reports.vanishing})
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR")
    target = tmp_path / "report.txt"
    result = call("run", small(tmp_path), "-o", target)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    text = target.read_bytes().decode()
    assert "|∂L/∂y|" in text
    assert "\x1b" not in text


def test_a_table_of_nothing_replaces_no_file(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_text("the last good one")
    result = call("run", tmp_path / "missing.yaml", "-o", target)
    assert result.exit_code == 2
    assert target.read_text() == "the last good one"


def test_a_document_of_nothing_replaces_the_last_one(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("the last good one")
    result = call("run", tmp_path / "missing.yaml", "--format", "json", "-o", target)
    assert (result.exit_code, result.stdout) == (2, "")
    document = json.loads(target.read_text())
    assert document["reports"] == []
    assert [problem["message"] for problem in document["problems"]] == ["there is no such file"]


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_text("old")
    target.chmod(0o640)
    write("new\n", str(target))
    assert target.read_text() == "new\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write("new\n", str(tmp_path / "report.txt"))
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "report.txt").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    write("new\n", str(link))
    assert link.is_symlink()
    assert target.read_text() == "new\n"


def test_a_device_is_written_into_and_not_replaced() -> None:
    write("gone\n", os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    target = tmp_path / "report.txt"
    target.write_text("old")
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(UserError) as caught:
        write("new\n", str(target))
    assert str(caught.value) == (
        f"{target}: the report cannot be written: No space left on device; name another file with -o"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["report.txt"]
    assert target.read_text() == "old"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_device_is_the_users_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    result = call("run", small(tmp_path), "-o", "/dev/full")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("/dev/full: the report cannot be written: No space left on device;")


def test_half_a_character_of_a_file_name_does_not_stop_the_report(tmp_path: Path) -> None:
    write("caf\udce9 é\n", str(tmp_path / "report.txt"))
    assert (tmp_path / "report.txt").read_bytes() == b"caf\\udce9 \xc3\xa9\n"
