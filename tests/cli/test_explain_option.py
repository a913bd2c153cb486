"""--explain: remedies are tried for what warns, and what came of it stands in every report."""

import json
from pathlib import Path

from tests.cli.calls import call, small

SICK = "input: 64\ninit: glorot_normal\nlayers:\n  - {repeat: 30, layers: [dense: 64, relu]}\n  - dense: 10\n"
SOUND = SICK.replace("glorot", "he")


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def test_run_shows_what_was_tried(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    shown = unwrapped(call("run", file).stdout)
    assert "tried init: he_normal → gain 0.7" in shown
    assert "passes" in shown
    assert "fix `gradscope fix " in shown
    assert shown.endswith("shows the change, with --write FILE it writes it")


def test_it_can_be_turned_off(tmp_path: Path) -> None:
    shown = call("run", small(tmp_path, text=SICK), "--no-explain").stdout
    assert "tried" not in shown
    assert "gradscope fix" not in shown


def test_nothing_is_said_of_what_is_sound(tmp_path: Path) -> None:
    file = small(tmp_path, text=SOUND)
    assert "tried" not in call("run", file).stdout
    assert json.loads(call("run", file, "--format", "json").stdout)["remedies"] == []


def test_check_tries_only_when_asked(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    assert "tried" not in call("check", file).stdout
    asked = call("check", file, "--explain")
    assert asked.exit_code == 1
    (line,) = [line for line in asked.stdout.splitlines() if line.startswith("    tried ")]
    assert line.startswith("    tried init: he_normal → gain 0.7")
    assert line.endswith(", passes")


def test_json_gains_a_field_and_changes_none(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    plain, asked = (
        json.loads(call("run", file, "--format", "json", option).stdout)
        for option in ("--no-explain", "--explain")
    )
    (tried,) = asked.pop("remedies")
    assert plain.pop("remedies") == []
    plain.pop("wall_seconds"), asked.pop("wall_seconds")
    assert plain == asked
    assert (tried["rule"], tried["remedy"], tried["verdict"]) == ("GS101", "init: he_normal", "healthy")
    assert tried["changes"] == [{"path": "init", "from": "glorot_normal", "to": "he_normal"}]
    assert tried["figure"]["name"] == "gain_per_layer"


def test_a_config_from_standard_input(tmp_path: Path) -> None:
    shown = call("run", "-", stdin=SICK).stdout
    assert "tried init: he_normal" in unwrapped(shown)
    assert "gradscope fix" not in shown


def test_markdown_and_annotations(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    assert "Tried: init: he_normal → gain 0.7" in call("run", file, "--format", "markdown").stdout
    assert "tried: init: he_normal" in call("check", file, "--explain", "--format", "github").stdout


def test_pages(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    for page in (call("run", file, "--format", "html"), call("check", file, "--explain", "--format", "html")):
        assert "<strong>tried</strong> init: he_normal → gain 0.7" in page.stdout


def test_quiet_reports_and_tables_of_numbers_try_nothing(tmp_path: Path) -> None:
    file = small(tmp_path, text=SICK)
    assert call("run", file, "--quiet").stdout == call("run", file, "--quiet", "--no-explain").stdout
    one, other = (call("run", file, "--format", "csv", option).stdout for option in ("-q", "--no-explain"))
    assert one == other


def test_only_the_rules_that_were_selected_have_to_be_silent(tmp_path: Path) -> None:
    text = "input: 64\nlayers: [dense: 64, relu, dense: 10, softmax]\nbatch: {inputs: {normal: {std: 50}}}\n"
    shown = unwrapped(call("run", small(tmp_path, text=text), "--select", "GS304").stdout)
    assert "tried without the last softmax →" in shown
    assert "passes" in shown
