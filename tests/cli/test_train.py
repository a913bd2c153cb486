"""Which config `train` trains: what options replace must be sound all the same, however it is read."""

import json
import os
import threading
from pathlib import Path

import pytest

from tests.cli.calls import SMALL, call, small

ASKED = ("--seed", "3", "--trials", "2", "--steps", "2", "--lr", "0.5", "--every", "1", "--format", "json")


@pytest.mark.parametrize("mistake", ["seed: x", "trials: 0", "training: {steps: x}", "training: {lr: -1}"])
def test_a_mistake_is_one_also_where_an_option_takes_its_place(mistake: str, tmp_path: Path) -> None:
    file = small(tmp_path, text=f"{SMALL}{mistake}\n")
    assert call("train", file, *ASKED).exit_code == 2
    assert call("train", "-", *ASKED, stdin=file.read_bytes()).exit_code == 2


def test_so_is_a_setting(tmp_path: Path) -> None:
    result = call("train", small(tmp_path), *ASKED, "--set", "training.steps=x")
    assert result.exit_code == 2
    assert "--set training.steps" in result.stderr


def test_options_replace_what_the_config_says(tmp_path: Path) -> None:
    text = f"{SMALL}seed: 7\ntrials: 4\ntraining: {{steps: 9, lr: 0.1, every: 3}}\n"
    report = json.loads(call("train", small(tmp_path, text=text), *ASKED).stdout)
    assert (report["seed"], report["trials"]) == (3, 2)
    assert [step["step"] for step in report["steps"]] == [0, 1, 2]
    assert report["training"]["lr"] == 0.5


def test_what_can_be_read_only_once_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(SMALL,), daemon=True)
    writer.start()
    told, piped = (json.loads(call("train", it, *ASKED).stdout) for it in (small(tmp_path), pipe))
    assert [step["loss"] for step in told["steps"]] == [step["loss"] for step in piped["steps"]]


def test_what_is_folded_is_said_on_one_line_where_the_terminal_has_it(tmp_path: Path) -> None:
    text = "input: 4\nlayers: [{repeat: 60, layers: [dense: 4, tanh]}, dense: 2]\n"
    lines = call("train", small(tmp_path, text=text), "--steps", "1", "--trials", "1").stdout.splitlines()
    folds = [line for line in lines if "more layers" in line]
    assert folds
    assert all(fold.endswith("--full shows them") for fold in folds)
