import json
from pathlib import Path

import pytest

from tests.cli.calls import call, small

SICK = "input: 16\nbatch: {size: 8}\ntrials: 1\nlayers:\n- {repeat: 12, layers: [{dense: 16}, sigmoid]}\n- dense: 4\n"
WELL = "input: 16\nbatch: {size: 8}\ntrials: 1\ninit: he_normal\nlayers: [{dense: 16}, relu, {dense: 4}]\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a sick config, and a baseline of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    small(tmp_path, "sick", SICK)
    result = call("check", "sick.yaml", "--write-baseline", "known.json")
    assert result.exit_code == 0
    assert "known.json: " in result.stderr
    assert "lets only new ones fail" in result.stderr
    return tmp_path


def test_what_is_known_fails_nothing(project: Path) -> None:
    assert call("check", "sick.yaml").exit_code == 1
    result = call("check", "sick.yaml", "--baseline", "known.json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("▲ vanishing")
    assert "GS101" not in result.stdout
    assert "known from the baseline" in result.stdout


def test_the_file_can_be_read_and_compared(project: Path) -> None:
    text = (project / "known.json").read_text()
    document = json.loads(text)
    assert document["schema_version"] == 1
    assert {"config": "sick.yaml", "rule": "GS101", "layer": "dense1", "severity": "error"} in document[
        "findings"
    ]
    assert text.count("\n") == len(document["findings"]) + 3
    keys = [(entry["config"], entry["rule"], entry["layer"] or "") for entry in document["findings"]]
    assert keys == sorted(keys)


def test_it_holds_when_lines_move_and_from_other_folders(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(project, "sick", "# a comment\n\n" + SICK)
    (project / "inner").mkdir()
    monkeypatch.chdir(project / "inner")
    assert call("check", "../sick.yaml", "--baseline", "../known.json").exit_code == 0
    assert call("check", project / "sick.yaml", "--baseline", project / "known.json").exit_code == 0


@pytest.mark.parametrize("known", ["known.json", "kept/known.json"])
def test_it_holds_outside_repositories_too(
    known: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    for folder in ("inner", "kept", "configs"):
        (project / folder).mkdir(parents=True)
    sick = small(project / "configs", "sick", SICK)
    monkeypatch.chdir(project)
    call("check", "configs", "--write-baseline", known)
    for folder in ("", "inner", "configs"):
        monkeypatch.chdir(project / folder)
        result = call("check", sick, "--baseline", project / known)
        assert (result.exit_code, "known from the baseline" in result.stdout) == (0, True)
    moved = project.rename(tmp_path / "moved")
    monkeypatch.chdir(moved / "inner")
    assert call("check", "../configs", "--baseline", f"../{known}").exit_code == 0
    (moved / "configs" / "sick.yaml").unlink()
    small(moved / "configs", "well", WELL)
    fixed = call("check", "../configs", "--baseline", f"../{known}").stdout
    assert "fixed: configs/sick.yaml GS101 at dense1" in fixed


def test_one_without_a_root_is_named_from_where_the_call_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As all were written once, and those of repositories still are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").mkdir()
    small(tmp_path, "sick", SICK)
    call("check", "sick.yaml", "--write-baseline", "known.json")
    document = json.loads((tmp_path / "known.json").read_text())
    assert document.pop("root") == "."
    (tmp_path / "kept" / "known.json").write_text(json.dumps(document))
    assert call("check", "sick.yaml", "--baseline", "kept/known.json").exit_code == 0


def test_a_new_finding_fails(project: Path) -> None:
    small(project, "other", SICK)
    result = call("check", ".", "--baseline", "known.json")
    assert result.exit_code == 1
    assert "other.yaml:5:25 GS101" in result.stdout
    assert "sick.yaml:5:25 GS101" not in result.stdout


def test_a_finding_that_got_worse_is_new(project: Path) -> None:
    file = project / "known.json"
    document = json.loads(file.read_text())
    for entry in document["findings"]:
        entry["severity"] = "note"
    file.write_text(json.dumps(document))
    assert call("check", "sick.yaml", "--baseline", "known.json").exit_code == 1


def test_fixed_ones_are_mentioned(project: Path) -> None:
    small(project, "sick", WELL)
    result = call("check", "sick.yaml", "--baseline", "known.json")
    assert result.exit_code == 0
    assert "fixed: sick.yaml GS101 at dense1\n" in result.stdout
    assert result.stdout.rstrip().endswith("of the baseline fixed")
    assert "fixed" in json.loads(
        call("check", "sick.yaml", "--baseline", "known.json", "--format", "json").stdout
    )


def test_what_was_not_looked_for_is_not_fixed(project: Path) -> None:
    small(project, "well", WELL)
    assert "fixed" not in call("check", "well.yaml", "--baseline", "known.json").stdout
    assert "fixed" not in call("check", "sick.yaml", "--baseline", "known.json", "--ignore", "GS1").stdout


def test_a_config_that_is_gone_is_fixed(project: Path) -> None:
    small(project, "well", WELL)
    (project / "sick.yaml").unlink()
    assert "fixed: sick.yaml GS101" in call("check", "well.yaml", "--baseline", "known.json").stdout


def test_a_broken_config_still_ends_with_2(project: Path) -> None:
    small(project, "bad", "input: x\n")
    assert call("check", ".", "--write-baseline", "all.json").exit_code == 2
    assert call("check", ".", "--baseline", "known.json").exit_code == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "the baseline cannot be read: No such file or directory"),
        ("", "this is no baseline: "),
        ("[]", "this is no baseline: Expected `object`, got `array`"),
        ("{}", "this is no baseline: Object missing required field"),
        ('{"schema_version": 2, "findings": []}', "this is no baseline: Invalid enum value 2"),
        ('{"schema_version": 1, "findings": [{"config": 3}]}', "this is no baseline: "),
        (
            '{"schema_version": 1, "findings": [{"config": "a", "rule": "GS101", "layer": null, "severity": "bad"}]}',
            "this is no baseline: Invalid enum value 'bad'",
        ),
        ("[" * 100_000, "this is no baseline: "),
        (
            '{"schema_version": 1, "findings": [], "more": 1}',
            "this is no baseline: Object contains unknown field `more`",
        ),
        (b"\xff\xfe", "this is no baseline: "),
    ],
)
def test_a_bad_baseline_is_refused_before_any_work(
    content: str | bytes | None, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.json"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = call("check", small(tmp_path, "sick", SICK), "--baseline", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{file}: {words}")
    assert result.stderr.endswith("; write one with `gradscope check PATH --write-baseline FILE`\n")


def test_one_of_the_two_at_a_time(tmp_path: Path) -> None:
    result = call("check", tmp_path, "--baseline", "a.json", "--write-baseline", "b.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--baseline and --write-baseline contradict each other" in result.stderr
