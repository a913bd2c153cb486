import csv
import io
import json
import os
from pathlib import Path

import numpy
import pytest

from tests.cli.calls import BROKEN, call, small

SICK = """\
# a comment
input: 64   # features
init: glorot_normal
layers:
  - {repeat: 30, layers: [dense: 64, relu]}
  - dense: 10
"""


def test_what_was_tried_and_the_difference(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    result = call("fix", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "as it is" in result.stdout
    assert "-init: glorot_normal" in result.stdout
    assert "+init: he_normal  # gradscope fix: was `init: glorot_normal`" in result.stdout
    assert file.read_text(encoding="utf-8") == SICK
    assert [*tmp_path.iterdir()] == [file]


def test_what_was_tried_as_csv(tmp_path: Path) -> None:
    """The numbers are those of `run` on the config, and on the config that was found."""
    file, better = small(tmp_path, text=SICK), tmp_path / "better.yaml"
    result = call("fix", file, "--format", "csv", "--write", better)
    before, *_, after = csv.DictReader(io.StringIO(result.stdout))
    for row, config, remedy in ((before, file, "as it is"), (after, better, "init: he_normal")):
        report = json.loads(call("run", config, "--format", "json").stdout)
        assert (row["remedy"], row["verdict"]) == (remedy, report["verdict"])
        flow = {name: float(text) for name, text in row.items() if name.startswith("flow.")}
        assert flow == {f"flow.{name}": value for name, value in report["flow"].items()}


def test_written_to_a_file_it_passes(tmp_path: Path) -> None:
    target = tmp_path / "better.yaml"
    assert call("fix", small(tmp_path, text=SICK), "--write", target).exit_code == 0
    assert call("check", target).exit_code == 0
    assert target.read_text(encoding="utf-8").startswith(
        "# a comment\ninput: 64   # features\ninit: he_normal"
    )


def test_in_place(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    assert call("fix", file, "--in-place").exit_code == 0
    assert "init: he_normal" in file.read_text(encoding="utf-8")
    after = call("fix", file, "--in-place")
    assert after.exit_code == 0
    assert "nothing to do" in after.stdout


def test_a_data_file_has_to_be_found_from_the_new_config(tmp_path: Path) -> None:
    numpy.save(tmp_path / "rows.npy", numpy.random.default_rng(0).normal(size=(64, 64)))
    text = SICK + "batch: {inputs: {file: {path: rows.npy}}}\n"
    file, other = small(tmp_path, text=text), tmp_path / "other"
    other.mkdir()
    result = call("fix", file, "--write", other / "better.yaml")
    assert result.exit_code == 2
    assert "the new config would not find its data from there: rows.npy; name a file in" in result.stderr
    assert "vanishing → healthy" in result.stdout
    assert not [*other.iterdir()]
    assert call("fix", file, "--write", tmp_path / "better.yaml").exit_code == 0
    assert call("check", tmp_path / "better.yaml").exit_code == 0


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    file.chmod(0o444)
    if os.access(file, os.W_OK):
        pytest.skip("this user may write everything")
    result = call("fix", file, "--in-place")
    assert result.exit_code == 2
    assert "read-only" in result.stderr


def test_the_report_and_the_config_are_two_files(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    assert call("fix", file, "--in-place", "-o", file).exit_code == 2
    assert call("fix", file, "--write", "-").exit_code == 2
    assert call("fix", file, "--write", tmp_path).exit_code == 2
    assert file.read_text(encoding="utf-8") == SICK


def test_byte_order_mark_and_line_ends_stay(tmp_path: Path) -> None:
    file = tmp_path / "windows.yaml"
    before = b"\xef\xbb\xbf" + SICK.replace("\n", "\r\n").encode()
    file.write_bytes(before)
    assert call("fix", file, "--in-place").exit_code == 0
    old, new = before.split(b"\n"), file.read_bytes().split(b"\n")
    changed = [number for number, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    assert changed == [2]
    assert new[2] == b"init: he_normal  # gradscope fix: was `init: glorot_normal`\r"


def test_what_was_set_from_outside_is_no_part_of_the_new_config(tmp_path: Path) -> None:
    file, target = small(tmp_path, text=SICK.replace("30", "5")), tmp_path / "better.yaml"
    result = call("fix", file, "--set", "layers.0.repeat=30", "--write", target)
    shown = " ".join(result.stdout.split())
    assert "init: he_normal: vanishing → healthy with --set layers.0.repeat=30; written to" in shown
    assert "repeat: 5" in target.read_text(encoding="utf-8")
    assert call("check", target, "--set", "layers.0.repeat=30").exit_code == 0


def test_nothing_helps(tmp_path: Path) -> None:
    text = "input: 4\ntrials: 1\nlayers: [dense: 4, relu, dense: 4]\n"
    text += "rules: {GS101: {min_ratio: 1.0e+9, warn_ratio: 1.0e+10}}\n"
    target = tmp_path / "better.yaml"
    result = call("fix", small(tmp_path, text=text), "--write", target)
    assert result.exit_code == 1
    assert "nothing in the catalogue helps" in result.stdout
    assert not target.exists()


def test_json_has_the_fields_of_the_contract(tmp_path: Path) -> None:
    found = json.loads(call("fix", small(tmp_path, text=SICK), "--format", "json").stdout)
    assert (found["before"]["verdict"], found["after"]["verdict"]) == ("vanishing", "healthy")
    assert found["changes"] == [{"path": "init", "from": "glorot_normal", "to": "he_normal"}]
    assert found["tried"][-1]["verdict"] == "healthy"
    assert {"remedy", "changes", "verdict", "flow"} <= found["tried"][0].keys()


def cells(config: str) -> list[list[str]]:
    """The table of what was tried, its head first."""
    lines = call("fix", config, "--format", "markdown").stdout.splitlines()
    table = [line for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table]


def test_what_the_rule_judges_has_a_column() -> None:
    head, before, after = cells("configs/dying_relu.yaml")
    assert head == ["tried", "first/last", "gain", "dead", "verdict"]
    assert (before[0], *before[3:]) == ("as it is", "99%", "dead")
    assert (after[0], *after[3:]) == ("bias_init: zeros", "0%", "healthy")


def test_a_flow_without_a_trend_has_no_gain() -> None:
    head, before, *_, after = cells("configs/rnn_tanh_gaussian.yaml")
    assert head == ["tried", "first/last", "first/last step", "verdict"]
    assert float(before[2]) < 1e-6
    assert float(after[2]) > 1e-3
    assert after[3] == "healthy"


def test_markdown(tmp_path: Path) -> None:
    assert "```diff" in call("fix", small(tmp_path, text=SICK), "--format", "markdown").stdout


def test_standard_input(tmp_path: Path) -> None:
    target = tmp_path / "better.yaml"
    assert call("fix", "-", "--write", target, stdin=SICK).exit_code == 0
    assert target.exists()
    assert call("fix", "-", "--in-place", stdin=SICK).exit_code == 2


def test_a_broken_config(tmp_path: Path) -> None:
    result = call("fix", small(tmp_path, text=BROKEN))
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 2


def test_contradicting_options(tmp_path: Path) -> None:
    assert call("fix", small(tmp_path, text=SICK), "--in-place", "--write", "x.yaml").exit_code == 2
