import sys
from pathlib import Path

import pytest

from tests.cli.calls import call, diagnosed, small


@pytest.mark.parametrize(
    "option",
    ["--format=json", "--seed=1", "--trials=2", "--jobs=1", "--fail-on=error", "--output=report.txt"],
)
def test_an_option_given_twice_is_an_error(option: str) -> None:
    result = call("run", "x.yaml", option, option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{option.partition('=')[0]} is given 2 times; give it once" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "xml"], "'xml' is not one of 'table', 'json', 'csv', 'markdown'"),
        (["--fail-on", "note"], "'note' is not one of 'error', 'warning', 'never'"),
        (["--seed", "-1"], "-1 is not in the range x>=0"),
        (["--seed", "1.5"], "'1.5' is not a valid integer"),
        (["--seed", str(2**64)], f"{2**64} is too large; at most {2**64 - 1} is possible"),
        (["--trials", "0"], "0 is not in the range x>=1"),
        (["--trials", "10000000000"], "10000000000 is too large"),
        (["--memory", "4"], "'4' is no size; write it like 4GB or 512MiB"),
        (["--memory", "-1GB"], "'-1GB' is no size; write it like 4GB or 512MiB"),
        (["--memory", "1e3GB"], "'1e3GB' is no size"),
        (["--memory", "nan GB"], "'nan GB' is no size"),
        (["--memory", ""], "'' is no size"),
        (["--memory", "4 iB"], "'4 iB' is no size"),
        (["--jobs", "0"], "0 is not in the range x>=1"),
        (["--set", "depth"], "'depth' is not KEY=VALUE; write it like depth=50"),
        (["--set", "=50"], "'=50' is not KEY=VALUE"),
        (["--set", "depth=1", "--set", "depth=2"], "depth is set twice; set it once"),
        (["--quiet", "--verbose"], "--quiet and --verbose contradict each other"),
        (["--verbose", "--quiet"], "--quiet and --verbose contradict each other"),
        (["--nonsense"], "--nonsense"),
        (["-o", "no/such/folder/report.json"], "there is no folder no/such/folder; create it first"),
        (["-o", ""], "the name is empty; name a file"),
        (["-o", "."], ". is a folder; name a file in it"),
    ],
)
def test_wrong_options_are_refused_before_any_work(arguments: list[str], words: str) -> None:
    result = call("run", "x.yaml", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lr", "-1"], "-1.0 is not in the range x>=0.0"),
        (["--lr", "nan"], "nan is no finite number; write one like 0.1"),
        (["--clip", "1e400"], "inf is no finite number; write one like 0.1"),
        (["--steps", "0"], "0 is not in the range x>=1"),
        (["--steps", "10000000000"], "10000000000 is too large; at most 1000000000 is possible"),
        (["--every", "10000000000"], "10000000000 is too large; at most 1000000000 is possible"),
    ],
)
def test_wrong_options_of_a_training_name_the_option(arguments: list[str], words: str) -> None:
    result = call("train", "x.yaml", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Invalid value for '{arguments[0]}': {words}" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4 * 10**9),
        ("512MiB", 512 * 2**20),
        ("1.5 gb", 1_500_000_000),
        ("0B", 0),
        ("64kB", 64_000),
        ("2TiB", 2**41),
        ("999999999999999999TB", sys.maxsize),
    ],
)
def test_memory_is_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, size: int) -> None:
    stand_in = diagnosed(monkeypatch)
    assert call("run", small(tmp_path), "--memory", text).exit_code == 0
    assert stand_in.options[0]["memory"] == size


def test_configs_that_are_checked_at_once_share_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = diagnosed(monkeypatch)
    small(tmp_path, "a")
    small(tmp_path, "b")
    call("check", tmp_path, "--memory", "1GB", "--jobs", "2")
    assert [options["memory"] for options in stand_in.options] == [500_000_000] * 2


def test_a_value_may_hold_an_equals_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = diagnosed(monkeypatch)
    call("run", small(tmp_path), "--set", "name=a=b")
    assert stand_in.configs[0].name == "a=b"


def test_output_to_minus_is_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    result = call("run", small(tmp_path), "-q", "-o", "-")
    assert result.stdout.endswith("small\n")
    assert not Path("-").exists()


def test_training_within_a_memory_that_is_too_small_is_refused(tmp_path: Path) -> None:
    result = call("train", small(tmp_path), "--memory", "1kB")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "training takes 3 kB for its weights, with 1 kB given; give it more with --memory" in result.stderr
    assert ", with 1 byte given;" in call("train", small(tmp_path), "--memory", "1B").stderr


@pytest.mark.parametrize(("trials", "hint"), [(3, "train fewer trials"), (1, "lower the widths")])
def test_a_training_that_does_not_fit_says_what_would(
    trials: int, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One trial of three would, with what is free; of one trial nothing is left to leave out."""
    monkeypatch.setattr("gradscope.training.run.available_bytes", lambda: 2000 if trials == 3 else 500)
    result = call("train", small(tmp_path), "--set", f"trials={trials}")
    assert result.exit_code == 2
    assert hint in result.stderr
    monkeypatch.setattr("gradscope.training.run.available_bytes", lambda: 100)
    assert "lower the widths" in call("train", small(tmp_path), "--set", f"trials={trials}").stderr
