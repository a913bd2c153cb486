"""Whatever is selected, ignored or set: a NaN or an infinity is an error, in every command that judges."""

import json
from pathlib import Path

import pytest

from gradscope import ConfigError, diagnose, load_config
from tests.cli.calls import call, small

NETWORK = """\
input: 16
init: {variance: 100}
layers:
  - {repeat: 60, layers: [dense: 16]}
loss: random_cotangent
"""
"""Its outputs overflow float32; nothing else is wrong by GS2 or GS303."""

DIVERGES = """\
input: 16
layers: [{dense: 16}, relu, {dense: 4}]
loss: mse
training: {steps: 60, lr: 1.0e+4}
"""
"""Sound before training, and not finite after some steps."""

OF_NO_CONCERN = [
    ["--select", "GS2"],
    ["--select", "GS303"],
    ["--ignore", "GS1,GS2,GS3"],
    ["--ignore", "GS4"],
]


@pytest.mark.parametrize("options", OF_NO_CONCERN, ids=" ".join)
def test_no_choice_of_rules_hides_it(options: list[str], tmp_path: Path) -> None:
    file = small(tmp_path, text=NETWORK)
    assert call("check", file, *options).exit_code == 1
    report = json.loads(call("run", file, *options, "--no-explain", "--format", "json").stdout)
    assert report["verdict"] == "non_finite"
    assert "GS401" in report["judged"]
    assert [each["severity"] for each in report["findings"] if each["rule"] == "GS401"] == ["error"]


@pytest.mark.parametrize("command", ["run", "check", "fix", "train", "sweep", "compare"])
def test_nobody_can_ask_for_that(command: str, tmp_path: Path) -> None:
    result = call(command, small(tmp_path, text=NETWORK), "--ignore", "GS3,GS401")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "GS401 cannot be ignored: what is not finite is never called healthy" in result.stderr


@pytest.mark.parametrize("setting", ["off", "warning", "note", "{severity: warning}"])
def test_no_config_turns_it_off_or_lowers_it(setting: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config("net.yaml", text=f"{NETWORK}rules:\n  GS401: {setting}\n")
    assert str(caught.value) == (
        "net.yaml:7:3: GS401 cannot be switched off or lowered: what is not finite is never called healthy; "
        "leave it out of `rules:`"
    )
    assert load_config("net.yaml", text=f"{NETWORK}rules: {{GS401: error}}\n").rules["GS401"].enabled


def test_no_comment_silences_it() -> None:
    line = "  - {repeat: 60, layers: [dense: 16]}"
    text = NETWORK.replace(line, f"{line}  # gradscope: ignore[GS4, GS1]")
    report = diagnose(load_config("net.yaml", text=text))
    assert (report.verdict, report.findings[0].rule) == ("non_finite", "GS401")
    with pytest.raises(ConfigError, match="net.yaml:4: GS401 cannot be silenced: what is not finite"):
        load_config("net.yaml", text=text.replace("GS4,", "GS401,"))


@pytest.mark.parametrize("options", [[], ["--select", "GS203"]], ids=" ".join)
def test_training_that_meets_it(options: list[str], tmp_path: Path) -> None:
    result = call("train", small(tmp_path, text=DIVERGES), *options, "--fail-on", "error", "--format", "json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["verdict"], report["ended"]) == (1, "non_finite", "non_finite")


def test_training_that_begins_with_it(tmp_path: Path) -> None:
    """The entries of the gradient, which no diagnosis forms, are too large for float32; its norm is not."""
    text = """\
input: 4
batch: {inputs: {normal: {std: 1.0e+30}}}
init: {normal: {std: 1.0e-20}}
layers: [{dense: {units: 4, bias: false}}]
loss: mse
rules: {GS305: off, GS403: off}
training: {steps: 3}
"""
    file = small(tmp_path, text=text)
    assert json.loads(call("run", file, "--format", "json").stdout)["verdict"] == "healthy"
    report = json.loads(call("train", file, "--format", "json").stdout)
    (finding,) = report["findings"]
    assert (report["verdict"], finding["rule"], finding["trials_fired"]) == ("non_finite", "GS401", 3)
    assert finding["message"] == "at step 0 the way back through dense1 gives a NaN or an infinity"


def test_what_fails_without_training_is_told_once(tmp_path: Path) -> None:
    text = NETWORK.replace("random_cotangent", "mse")
    report = json.loads(call("train", small(tmp_path, text=text), "--format", "json").stdout)
    (finding,) = (each for each in report["findings"] if each["rule"] == "GS401")
    assert finding["trials_fired"] == 3
    assert finding["message"].startswith("a NaN or an infinity first appears in the output of dense")


def test_points_of_a_sweep(tmp_path: Path) -> None:
    result = call(
        *("sweep", small(tmp_path, text=NETWORK), "--axis", "layers.0.repeat=2,60", "--select", "GS303"),
        *("--jobs", "1", "--format", "jsonl"),
    )
    assert [json.loads(line)["verdict"] for line in result.stdout.splitlines()] == ["healthy", "non_finite"]


def test_a_comparison(tmp_path: Path) -> None:
    sound = small(tmp_path, "sound", NETWORK.replace("60", "2"))
    result = call("compare", sound, small(tmp_path, text=NETWORK), "--select", "GS303")
    assert result.exit_code == 1


def test_a_fix(tmp_path: Path) -> None:
    result = call(
        "fix", small(tmp_path, text=NETWORK), "--select", "GS303", "--trials", "1", "--format", "json"
    )
    found = json.loads(result.stdout)
    assert found["before"]["verdict"] == "non_finite"
    assert all(each["verdict"] == "healthy" for each in [found["after"]] if each is not None)
