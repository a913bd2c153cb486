"""What there is one of is called so, in the messages of every room."""

import re
from pathlib import Path

import numpy as np
import pytest

from gradscope import ConfigError, diagnose, load_config
from tests.cli.calls import call, small

SEQUENCE = (
    "input: {length: 2, features: 4}\nlayers:\n  - rnn: {units: 4, recurrent_init: zeros}\n  - dense: 2\n"
)
DEAD = """\
input: 4
batch: {size: 1}
layers:
  - dense: {units: 64, bias_init: {constant: -9}}
  - relu
  - dense: 2
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input: 1\nlayers: [{group_norm: 2}, {dense: 2}]\n", "2 groups do not divide 1 feature;"),
        ("input: 1\nlayers: [{attention: 2}, {dense: 2}]\n", "attention takes a sequence, not 1 feature;"),
        (
            "input: {length: 3, features: 1}\nlayers: [{attention: 2}, last_step, {dense: 2}]\n",
            "2 heads do not divide 1 feature;",
        ),
        (
            "input: {length: 1, vocab: 5}\nlayers: [{dense: 2}]\n",
            "dense takes numbers, not 1 token of 5;",
        ),
        (
            "input: [1, 4, 4]\nlayers: [{conv2d: {filters: 4, kernel: 3, groups: 2}}, flatten, {dense: 2}]\n",
            "2 groups do not divide 1 channel and 4 filters;",
        ),
        (
            "input: 1\nlayers: [{repeat: 2, share: true, layers: [{dense: 2}, relu]}]\n",
            "shared weights have 1 input and 2 outputs, this copy needs 2 and 2",
        ),
        (
            "input: 4\nbatch: {inputs: {file: {path: rows.npy}}}\nlayers: [{dense: 2}]\n",
            "rows.npy has 1 row, too few for 64;",
        ),
    ],
)
def test_in_mistakes(text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", np.zeros((1, 4)))
    with pytest.raises(ConfigError) as caught:
        load_config("net.yaml", text=text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SEQUENCE, "no gradient at all gets back through the 1 step of rnn1's state"),
        (DEAD, "are dead, silent on the only sample;"),
        (
            "input: 16\ninit: {normal: {std: 1.0e-4}}\nrules: {GS107: {min_points: 2, min_r2: 0.0}}\n"
            "layers: [{repeat: 2, layers: [{dense: 16}, tanh]}, {dense: 16}]\n",
            "0.001 is passed after 1 layer",
        ),
    ],
)
def test_in_findings(text: str, message: str) -> None:
    messages = [finding.message for finding in diagnose(load_config("net.yaml", text=text)).findings]
    assert any(message in found for found in messages), messages


def test_on_the_command_line(tmp_path: Path) -> None:
    file = small(tmp_path, text="input: 4\nlayers: [{dense: 8}, {dense: 2}]\n")
    kept = call("check", file, "--select", "GS301", "--write-baseline", tmp_path / "known.json")
    assert ": 1 finding written;" in kept.stderr
    sweep = ["sweep", file, "--axis", "seed=1,2,3", "--where", "seed > 9", "--random", "1"]
    drawn = call(*sweep, "--store", tmp_path / "s.sqlite")
    assert not re.search(r"\b1 [a-z ]*points\b", drawn.stderr), drawn.stderr
    changed = call("run", file, "--set", "layers.7=relu")
    assert "layers has 2 entries" in changed.stderr
    alone = call("run", small(tmp_path, text="input: 4\nlayers: [{dense: 2}]\n"), "--set", "layers.7=relu")
    assert "layers has 1 entry, and no '7'" in alone.stderr
