"""What a terminal shows that has nothing but ASCII: every sign of ours has a stand-in, none is an escape."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gradscope.cli.root import COMMANDS, root
from tests.cli.calls import BROKEN, small

DYING = """\
description: Xavier, U(±√6/√(fan_in + fan_out)) … each → 0.
params: {act: relu, depth: 4}
input: 16
batch: {size: 16}
trials: 2
layers:
  - {repeat: "${depth}", layers: [{dense: {units: 16, bias_init: {constant: -3.0}}}, "${act}"]}
  - dense: 4
"""
RECURRENT = "input: {length: 20, features: 4}\ntrials: 1\nlayers: [{rnn: 8}, last_step, {dense: 2}]\n"
PHASES = """\
params: {weight: 1.5, bias: 0.1}
input: 16
init: {variance: "${weight}"}
layers:
  - {repeat: 8, layers: [{dense: {units: 16, bias_init: {normal: {std: "${bias}"}}}}, tanh]}
"""
ESCAPE = re.compile(r"\\[uxU][0-9a-f]{2}")


def in_ascii(*args: str | Path, stdin: str | None = None) -> Result:
    runner = CliRunner(charset="ascii")
    return runner.invoke(root, [str(arg) for arg in args], input=stdin, prog_name="gradscope")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    small(tmp_path, "dying", DYING)
    small(tmp_path, "recurrent", RECURRENT)
    small(tmp_path, "phases", PHASES)
    small(tmp_path, "broken", BROKEN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "args",
    [
        "run dying.yaml --verbose --full --all",
        "run recurrent.yaml --verbose --no-explain",
        "run dying.yaml --quiet --no-explain",
        "run dying.yaml --estimate",
        "run dying.yaml --no-explain --format markdown",
        "run broken.yaml",
        "check . --explain --verbose --full",
        "check dying.yaml --format github",
        "fix dying.yaml --verbose",
        "sweep dying.yaml --axis act=relu,tanh --axis depth=2,3 --verbose --jobs 1",
        "sweep dying.yaml --axis depth=2,3 --dry-run --jobs 1",
        "train dying.yaml --steps 3 --verbose --full",
        "train dying.yaml --steps 3 --format markdown",
        "compare dying.yaml --set act=tanh --verbose --full",
        "compare dying.yaml --set act=tanh --format markdown",
        "theory dying.yaml --verbose --full",
        "theory recurrent.yaml",
        "theory phases.yaml --axis weight=lin:0.5:3:8 --axis bias=lin:0:1:4",
        "activations --verbose",
        "activations gelu leaky_relu=0.2 prelu softmax --verbose",
        "activations --format markdown",
        "explain GS",
        "explain GS --format markdown",
        "rules",
        "schema",
        "init -",
        "--help",
        *(f"{command} --help" for command in COMMANDS),
    ],
)
def test_every_sign_has_a_stand_in(args: str, folder: Path) -> None:
    result = in_ascii(*args.split())
    assert result.exit_code in (0, 1, 2)
    assert not isinstance(result.exception, UnicodeError)
    text = result.stdout + result.stderr
    assert text
    assert text.isascii()
    escaped = [line for line in text.splitlines() if ESCAPE.search(line)]
    assert escaped == [] or args == "schema"


@pytest.mark.parametrize("args", ["schema", "rules --format json", "explain GS302 --format json"])
def test_json_stays_json(args: str) -> None:
    assert json.loads(in_ascii(*args.split()).stdout) == json.loads(
        CliRunner().invoke(root, args.split()).stdout
    )


def test_the_legend_shows_the_signs_of_the_table() -> None:
    shipped = Path(__file__).parents[2] / "configs" / "dying_relu.yaml"
    text = in_ascii("run", shipped, "--verbose", "--no-explain").stdout
    assert "! where the measurement is further away" in " ".join(text.split())
    assert re.search(r" ![0-9.]+e[+-]\d\d ", text)


def test_what_nobody_has_a_stand_in_for_is_written_out(folder: Path) -> None:
    small(folder, "named", "name: naïve ∛\ninput: 4\nlayers: [{dense: 2}]\n")
    assert r"na\xefve \u221b" in in_ascii("run", "named.yaml", "--quiet").stdout
    assert r"na\xefve \u221b" in in_ascii("run", "named.yaml", "--format", "markdown").stdout


def test_the_log_of_a_training_names_the_gradient_as_its_table_does(folder: Path) -> None:
    told = in_ascii("train", "dying.yaml", "--steps", "2")
    assert "|dL/dp| " in told.stderr
    assert "|dL/dp| " in told.stdout
