import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calls import BROKEN, call, diagnosed, raising, small
from tests.render import reports

Golden = Callable[[str, str], None]


def test_one_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"small": reports.vanishing})
    result = call("run", small(tmp_path), "--no-explain")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("small")
    assert result.stdout.endswith("verdict  ✗ vanishing (1 error)\n")
    assert "\x1b" not in result.stdout


def test_several_configs_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    files = [small(tmp_path, name) for name in ("b", "a", "c")]
    result = call("run", *files, "--quiet")
    assert [line.split()[-1] for line in result.stdout.splitlines()] == ["b", "a", "c"]


def test_json_of_one_and_of_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    one, two = small(tmp_path, "one"), small(tmp_path, "two")
    assert json.loads(call("run", one, "--format", "json").stdout)["name"] == "one"
    both = json.loads(call("run", one, two, "--format", "json").stdout)
    assert both["schema_version"] == 1
    assert [report["name"] for report in both["reports"]] == ["one", "two"]


def test_csv_and_markdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    file = small(tmp_path)
    rows = list(csv.DictReader(io.StringIO(call("run", file, "--format", "csv").stdout)))
    assert [row["name"] for row in rows] == ["dense1"]
    assert call("run", file, "--format", "markdown").stdout.startswith("## small\n")


def test_a_broken_config_names_every_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    file = small(tmp_path, text=BROKEN)
    result = call("run", file)
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert [
        line.startswith(f"{file}:{place}: ") for line, place in zip(lines, ("4:5", "5:7"), strict=True)
    ] == [True] * 2
    assert lines[0].endswith("did you mean 'relu'?")


def test_a_broken_config_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    good, bad = small(tmp_path, "good"), small(tmp_path, "bad", BROKEN)
    result = call("run", bad, good, "--format", "json")
    assert result.exit_code == 2
    assert [report["name"] for report in json.loads(result.stdout)["reports"]] == ["good"]
    assert len(result.stderr.splitlines()) == 2


def test_machine_formats_stay_valid_when_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosed(monkeypatch)
    bad, worse = small(tmp_path, "bad", BROKEN), tmp_path / "missing.yaml"
    result = call("run", bad, worse, "--format", "json")
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert document["reports"] == []
    assert [problem["config"] for problem in document["problems"]] == [str(bad), str(bad), str(worse)]
    assert "there is no such file" in result.stderr


def test_our_own_fault_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"small": raising(ValueError("seven\nlines"))})
    file = small(tmp_path)
    result = call("run", file)
    assert (result.exit_code, result.stdout) == (3, "")
    hint = "please report it; --verbose shows the traceback"
    assert result.stderr == f"{file}: internal error: ValueError: seven\\nlines; {hint}\n"


def test_verbose_shows_the_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"small": raising(ValueError("seven"))})
    result = call("run", small(tmp_path), "--verbose")
    assert result.exit_code == 3
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert result.stderr.endswith("ValueError: seven; please report it\n")


def test_our_own_fault_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"bad": raising(RecursionError("deep"))})
    result = call("run", small(tmp_path, "bad"), small(tmp_path, "good"), "--quiet")
    assert result.exit_code == 3
    assert result.stdout.split()[-1] == "good"


def test_a_fault_of_the_renderer_is_ours_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    monkeypatch.setitem(
        __import__("gradscope.render", fromlist=["x"]).RUN_RENDERERS, "json", "no.such.module"
    )
    result = call("run", small(tmp_path), "--format", "json")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("internal error: ModuleNotFoundError: ")


def test_too_little_memory_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"small": raising(MemoryError("Unable to allocate 9 TiB"))})
    file = small(tmp_path)
    result = call("run", file)
    assert (result.exit_code, result.stdout) == (2, "")
    hint = "lower `batch.size` or the widths of the layers, or hold less with --memory"
    assert result.stderr == f"{file}: not enough memory: Unable to allocate 9 TiB; {hint}\n"


def test_an_interrupt_keeps_what_was_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"slow": raising(KeyboardInterrupt())})
    result = call(
        "run", small(tmp_path, "first"), small(tmp_path, "slow"), small(tmp_path, "last"), "--quiet"
    )
    assert result.exit_code == 130
    assert [line.split()[-1] for line in result.stdout.splitlines()] == ["first"]
    assert result.stderr == "interrupted; 1 of 3 configs finished\n"


@pytest.mark.parametrize(
    ("fail_on", "made", "code"),
    [
        ("never", reports.vanishing, 0),
        ("error", reports.vanishing, 1),
        ("warning", reports.vanishing, 1),
        ("error", reports.long, 0),
        ("warning", reports.long, 1),
        ("warning", reports.single, 0),
    ],
)
def test_fail_on(
    fail_on: str, made: Callable[[], object], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosed(monkeypatch, {"small": made})
    result = call("run", small(tmp_path), "--quiet", "--fail-on", fail_on)
    assert (result.exit_code, result.stderr) == (code, "")


def test_the_highest_code_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"sick": reports.vanishing, "crash": raising(ValueError("x"))})
    sick, bad, crash = small(tmp_path, "sick"), small(tmp_path, "bad", BROKEN), small(tmp_path, "crash")
    assert call("run", sick, "-q", "--fail-on", "error").exit_code == 1
    assert call("run", bad, sick, "-q", "--fail-on", "error").exit_code == 2
    assert call("run", crash, bad, sick, "-q", "--fail-on", "error").exit_code == 3


def test_settings_seed_trials_and_jobs_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = diagnosed(monkeypatch)
    text = "params: {units: 8}\ninput: 4\nlayers: [{dense: '${units}'}]\nseed: 1\ntrials: 2\n"
    changes = ("--set", "units=16", "--set", "batch.size=0xA", "--seed", "7", "--trials", "5", "--jobs", "2")
    result = call("run", small(tmp_path, text=text), *changes)
    assert (result.exit_code, result.stderr) == (0, "")
    (config,) = stand_in.configs
    assert (config.params["units"], config.batch.size, config.seed, config.trials) == (16, 10, 7, 5)
    assert stand_in.options[0]["jobs"] == 2


def test_without_them_the_config_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = diagnosed(monkeypatch)
    call("run", small(tmp_path, text="input: 4\nlayers: [{dense: 8}]\nseed: 3\ntrials: 2\n"))
    assert (stand_in.configs[0].seed, stand_in.configs[0].trials) == (3, 2)
    assert stand_in.options[0]["jobs"] is None


def test_a_setting_without_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    result = call("run", small(tmp_path), "--set", "sed=3")
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr == "--set sed: 'sed' is neither a knob nor a key of the config; did you mean 'seed'?\n"
    )


def test_a_setting_that_is_no_value_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    result = call("run", small(tmp_path, "a"), small(tmp_path, "b"), "--set", "seed=[1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("--set seed: not valid YAML: ")
    assert len(result.stderr.splitlines()) == 1


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = diagnosed(monkeypatch)
    result = call("run", "-", stdin="\ufeffinput: 4\nlayers: [{dense: 8}]\nname: naïve\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (stand_in.configs[0].name, stand_in.configs[0].source) == ("naïve", "<stdin>")


def test_standard_input_that_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    result = call("run", "-", stdin=b"input: 4\nname: \xff\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("<stdin>:2:7: the character U+DCFF cannot stand in YAML")


def test_standard_input_is_read_once() -> None:
    result = call("run", "-", "-", stdin="")
    assert result.exit_code == 2
    assert "standard input can be read only once" in result.stderr


def test_no_config() -> None:
    result = call("run")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Missing argument 'CONFIG...'" in result.stderr


def test_details_reach_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"small": reports.long})
    file = small(tmp_path)
    assert "more layers" in call("run", file).stdout
    assert "more layers" not in call("run", file, "--full").stdout
    assert "relu300" in call("run", file, "--all").stdout
    assert "risk     |log10" in call("run", file, "--verbose").stdout
    assert len(call("run", file, "-q").stdout.splitlines()) == 1


def test_the_real_thing_from_file_to_verdict(tmp_path: Path) -> None:
    text = (
        "input: 32\nbatch: {size: 16}\nlayers: [{repeat: 12, layers: [{dense: 32}, sigmoid]}, {dense: 4}]\n"
    )
    result = call(
        "run", small(tmp_path, text=text), "--fail-on", "error", "--trials", "1", "--format", "json"
    )
    assert (result.exit_code, result.stderr) == (1, "")
    report = json.loads(result.stdout)
    assert report["verdict"] == "vanishing"
    assert report["trials"] == 1
