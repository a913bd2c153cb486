import csv
import io
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gradscope.render import COMPACT_RENDERERS
from tests.cli.calls import BROKEN, SMALL, call, diagnosed, raising, small
from tests.render import reports

FOREIGN = "version: 3\nservices: {web: {image: x}}\n"


def sources(text: str) -> list[str]:
    """The configs of a quiet table, in order."""
    return [line.split()[2] for line in text.splitlines()]


def test_a_line_a_config_and_its_findings_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"sick": reports.vanishing})
    good, sick = small(tmp_path, "good"), small(tmp_path, "sick")
    result = call("check", good, sick)
    assert (result.exit_code, result.stderr) == (1, "")
    first, second, finding, blank, total, hint = result.stdout.splitlines()
    assert first.startswith(f"✓ healthy     {good}")
    assert second.startswith(f"✗ vanishing   {sick}")
    assert finding.startswith(
        f"  {sick}:8:9 GS101 vanishing-gradient error: the gradient at dense1 is 1.0e-14"
    )
    assert (blank, total) == ("", "2 configs: 1 passes, 1 fails; 1 error")
    assert "gradscope explain RULE" in hint


def test_folders_are_searched_but_not_hidden_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    inner, hidden = tmp_path / "inner", tmp_path / ".hidden"
    for folder in (inner, hidden):
        folder.mkdir()
    small(tmp_path, "b")
    small(inner, "c")
    small(hidden, "d", BROKEN)
    (tmp_path / "a.yml").write_text(SMALL)
    (tmp_path / "notes.txt").write_text("input: 4\n")
    result = call("check", tmp_path, "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert sources(result.stdout) == [str(tmp_path / name) for name in ("a.yml", "b.yaml", "inner/c.yaml")]


def test_a_config_is_judged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = diagnosed(monkeypatch)
    file = small(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert call("check", file, ".", "small.yaml", tmp_path).exit_code == 0
    assert len(stand_in.configs) == 1


def test_a_stranger_in_a_folder_is_skipped_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosed(monkeypatch)
    small(tmp_path)
    stranger = small(tmp_path, "compose", FOREIGN)
    result = call("check", tmp_path, "-q")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)
    assert result.stderr == f"skipped as no config, having neither `input` nor `layers`: {stranger}\n"


def test_many_strangers_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    small(tmp_path)
    for number in range(9):
        small(tmp_path, f"x{number}", FOREIGN)
    assert call("check", tmp_path).stderr.endswith("x4.yaml and 4 more; --verbose names them\n")
    assert call("check", tmp_path, "--verbose").stderr.endswith("x8.yaml\n")


def test_a_stranger_that_is_named_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    result = call("check", small(tmp_path, "compose", FOREIGN))
    assert (result.exit_code, result.stderr) == (2, "")
    assert "there is no key 'services'" in result.stdout


@pytest.mark.parametrize("folder", ["empty", "strangers"])
def test_a_folder_without_configs_is_an_error(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosed(monkeypatch)
    where = tmp_path / folder
    where.mkdir()
    if folder == "strangers":
        small(where, "compose", FOREIGN)
    good = small(tmp_path)
    result = call("check", good, where)
    assert result.exit_code == 2
    assert f"{where}: there is no config in this folder; a config is a .yaml" in result.stdout
    assert f"✓ healthy     {good}" in result.stdout


def test_a_missing_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    result = call("check", tmp_path / "missing.yaml")
    assert result.exit_code == 2
    assert "missing.yaml: there is no such file; `gradscope init` writes a starter config" in result.stdout


def test_a_broken_config_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"sick": reports.vanishing})
    files = [small(tmp_path, "a"), small(tmp_path, "bad", BROKEN), small(tmp_path, "sick")]
    result = call("check", *files)
    assert (result.exit_code, result.stderr) == (2, "")
    lines = result.stdout.splitlines()
    assert lines[1].split() == ["✗", "broken", str(files[1])]
    assert lines[2].startswith(f"  {files[1]}:4:5: layers[1]: there is no layer 'rleu'")
    assert lines[3].startswith(f"  {files[1]}:5:7: seed: expected a whole number")
    assert lines[-2] == "3 configs: 1 passes, 1 fails, 1 broken; 1 error"


def test_a_crash_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"crash": raising(ValueError("seven"))})
    result = call("check", small(tmp_path, "crash"), small(tmp_path, "good"))
    assert result.exit_code == 3
    assert "internal error: ValueError: seven; please report it; --verbose shows" in result.stdout
    assert "✓ healthy" in result.stdout


@pytest.mark.parametrize("form", [form for form in COMPACT_RENDERERS if form != "table"])
def test_what_is_broken_is_said_on_standard_error_too(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosed(monkeypatch)
    result = call("check", small(tmp_path, "bad", BROKEN), "--format", form)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2
    if form != "csv":
        assert result.stdout.count("rleu") == 1


def test_every_document_is_whole_when_nothing_could_be_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosed(monkeypatch)
    bad = small(tmp_path, "bad", BROKEN)
    texts = {form: call("check", bad, "--format", form).stdout for form in ("json", "csv", "junit", "sarif")}
    assert json.loads(texts["json"])["reports"] == []
    assert [*csv.DictReader(io.StringIO(texts["csv"]))] == []
    assert ElementTree.fromstring(texts["junit"]).attrib["errors"] == "1"
    (run,) = json.loads(texts["sarif"])["runs"]
    assert (run["results"], run["invocations"][0]["executionSuccessful"]) == ([], False)


@pytest.mark.parametrize(
    ("fail_on", "made", "code"),
    [
        (None, reports.vanishing, 1),
        (None, reports.long, 0),
        ("warning", reports.long, 1),
        ("never", reports.vanishing, 0),
    ],
)
def test_fail_on(
    fail_on: str | None,
    made: Callable[[], object],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    diagnosed(monkeypatch, {"small": made})
    options = [] if fail_on is None else ["--fail-on", fail_on]
    assert call("check", small(tmp_path), *options).exit_code == code


def test_results_do_not_depend_on_the_jobs(tmp_path: Path) -> None:
    for number in range(6):
        act = ("relu", "sigmoid", "rleu")[number % 3]
        text = f"input: 8\nlayers: [{{repeat: {number + 2}, layers: [{{dense: 8}}, {act}]}}, {{dense: 3}}]\n"
        small(tmp_path, f"net{number}", text)
    results = [call("check", tmp_path, "--jobs", jobs, "--format", "sarif") for jobs in (1, 2, 5)]
    assert {(result.exit_code, result.stdout, result.stderr) for result in results} == {
        (2, results[0].stdout, results[0].stderr)
    }


def test_configs_are_judged_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits for the other: one after the other they would never end."""
    meet = threading.Barrier(2, timeout=30)

    def wait() -> object:
        meet.wait()
        return reports.single()

    stand_in = diagnosed(monkeypatch, {"a": wait, "b": wait})
    assert call("check", small(tmp_path, "a"), small(tmp_path, "b"), "--jobs", "4").exit_code == 0
    assert [options["jobs"] for options in stand_in.options] == [2, 2]


def test_an_interrupt_keeps_what_was_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"b": raising(KeyboardInterrupt())})
    known = tmp_path / "known.json"
    files = [small(tmp_path, name) for name in ("a", "b", "c")]
    result = call("check", *files, "-q", "--jobs", "1", "--write-baseline", known)
    assert (result.exit_code, sources(result.stdout)) == (130, [str(files[0])])
    assert result.stderr == "interrupted; 1 of 3 configs finished\n"
    assert not known.exists()


def test_an_interrupt_among_threads_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.monotonic()

    def slow() -> object:
        time.sleep(0.5)
        return reports.single()

    diagnosed(monkeypatch, {"a": raising(KeyboardInterrupt())} | {f"s{n}": slow for n in range(40)})
    files = [small(tmp_path, "a"), *(small(tmp_path, f"s{n}") for n in range(40))]
    assert call("check", *files, "-q", "--jobs", "2").exit_code == 130
    assert time.monotonic() - started < 8.0


def test_settings_reach_every_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = diagnosed(monkeypatch)
    files = [small(tmp_path, "a"), small(tmp_path, "b")]
    call("check", *files, "--set", "batch.size=7", "--seed", "5", "--trials", "2", "--select", "GS1")
    assert [(config.batch.size, config.seed, config.trials) for config in stand_in.configs] == [(7, 5, 2)] * 2
    assert {options["select"] for options in stand_in.options} == {("GS1",)}


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    result = call("check", "-", "-", stdin=SMALL)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "1 config: 1 passes")


def test_reports_in_other_formats_besides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch)
    xml, summary = tmp_path / "report.xml", tmp_path / "summary.md"
    file = small(tmp_path)
    result = call("check", file, "--report", f"junit={xml}", "--report", f"markdown={summary}")
    assert result.stdout.endswith("1 config: 1 passes\n")
    assert ElementTree.parse(xml).getroot().tag == "testsuites"
    assert summary.read_text().startswith("## gradscope: 1 config: 1 passes\n")


def test_a_copy_may_go_to_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"small": reports.vanishing})
    lines = call("check", small(tmp_path), "--report", "github=-").stdout.splitlines()
    assert lines[0].startswith("✗ vanishing")
    assert lines[-1].startswith("::error file=")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("junit", "'junit' is not FORMAT=FILE; write it like junit=report.xml"),
        ("xml=a.xml", "there is no format 'xml'; known are table, json, csv, markdown, junit, sarif, github"),
        ("junit=no/such/folder/a.xml", "there is no folder no/such/folder"),
    ],
)
def test_wrong_reports_are_refused(text: str, words: str) -> None:
    result = call("check", "x.yaml", "--report", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())


def test_paths_are_those_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosed(monkeypatch, {"sick": reports.vanishing})
    inner = tmp_path / "networks"
    inner.mkdir()
    (tmp_path / ".git").mkdir()
    small(inner, "sick")
    monkeypatch.chdir(inner)
    assert "::error file=networks/sick.yaml,line=8" in call("check", "sick.yaml", "--format", "github").stdout
    assert "  sick.yaml:8:9 GS101" in call("check", ".").stdout
