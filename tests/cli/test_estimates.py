"""`run --estimate`, and what `run` says before it takes long."""

import json
from pathlib import Path

import pytest

from tests.cli.calls import BROKEN, call, diagnosed, small

FIELDS = {
    "schema_version",
    "name",
    "source",
    "layers",
    "parameters",
    "trials",
    "flops",
    "weight_bytes",
    "held_bytes",
    "passing_bytes",
    "peak_bytes",
    "free_bytes",
    "together",
    "seconds",
    "fits",
}


def test_an_estimate_in_words_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = diagnosed(monkeypatch)
    result = call("run", small(tmp_path), "--estimate")
    assert (result.exit_code, result.stderr, stand_in.configs) == (0, "", [])
    lines = result.stdout.splitlines()
    assert lines[0] == str(tmp_path / "small.yaml")
    assert lines[1] == "  parameters   58 in 3 layers"
    assert lines[3] == "  weights      232 bytes a trial, all of it held"
    assert lines[-1] == "  time         less than a second"


def test_an_estimate_as_json(tmp_path: Path) -> None:
    one = json.loads(call("run", small(tmp_path), "--estimate", "--format", "json", "--trials", "2").stdout)
    assert one.keys() == FIELDS
    assert (one["parameters"], one["trials"], one["fits"]) == (58, 2, True)
    several = json.loads(
        call("run", small(tmp_path), small(tmp_path, "b"), "--estimate", "--format", "json").stdout
    )
    assert [each["name"] for each in several["estimates"]] == ["small", "b"]


def test_memory_and_settings_count(tmp_path: Path) -> None:
    arguments = ["run", small(tmp_path), "--estimate", "--memory", "0B", "--set", "layers.0.dense=100000"]
    assert "3 MB a trial, none of it held; it is drawn twice" in call(*arguments).stdout


def test_a_network_beyond_all_memory_is_estimated() -> None:
    text = "input: 10000000\nbatch: {size: 1}\nlayers: [dense: {units: 10000000, init: orthogonal}]\n"
    result = call("run", "-", "--estimate", stdin=text)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "it does not fit" in result.stdout


def test_others_are_estimated_beside_one_that_is_broken(tmp_path: Path) -> None:
    broken = small(tmp_path, "broken", BROKEN)
    result = call("run", broken, small(tmp_path), "--estimate")
    assert result.exit_code == 2
    assert "broken.yaml:4:5" in result.stderr
    assert "small.yaml" in result.stdout


def test_estimates_have_formats_of_their_own(tmp_path: Path) -> None:
    result = call("run", small(tmp_path), "--estimate", "--format", "csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--estimate is written as table or json; leave --format csv out" in result.stderr


@pytest.mark.parametrize(
    ("seconds", "quiet", "said"), [(200.0, False, True), (200.0, True, False), (None, False, False)]
)
def test_a_long_run_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float | None, quiet: bool, said: bool
) -> None:
    diagnosed(monkeypatch)
    monkeypatch.setattr("gradscope.effort.asking.announced_seconds", lambda config, **terms: seconds)
    file = small(tmp_path)
    result = call("run", file, "--format", "json", *(["--quiet"] if quiet else []))
    words = f"{file}: about 3 min 20 s; --estimate says what takes so long\n"
    assert result.stderr == (words if said else "")
    assert result.exit_code == 0
