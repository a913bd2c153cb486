from pathlib import Path

import pytest

from gradscope.errors import ConfigError
from gradscope.sweeping.files import read_sweep_file
from gradscope.sweeping.grid import Draws
from tests.sweeping.sweeps import SMALL, write_base

SWEEP = """\
base: nets/net.yaml
axes:
  depth: [10, 20, 50]
  gain: log:0.1:10:20
  act: relu,tanh
  bias: true
zip:
  - {width: [32, 64], batch.size: [16, 32]}
  - {p: [1], q: [2]}
random: {count: 200, seed: 3}
where: depth * width < 1e5
"""


def test_a_sweep_file(tmp_path: Path) -> None:
    found = read_sweep_file(str(write_base(tmp_path, SWEEP)))
    assert found is not None
    assert found.base == str(tmp_path / "nets/net.yaml")
    assert [axis.name for axis in found.axes] == ["depth", "gain", "act", "bias"]
    assert found.axes[0].values == (10, 20, 50)
    assert found.axes[2].values == ("relu", "tanh")
    assert found.axes[3].values == (True,)
    assert [[axis.name for axis in group] for group in found.zipped] == [["width", "batch.size"], ["p", "q"]]
    assert found.draws == Draws(200, 3)
    assert found.where == "depth * width < 1e5"


def test_the_short_forms(tmp_path: Path) -> None:
    text = "base: net.yaml\naxes: {a: [1]}\nzip: {b: [1, 2], c: [3, 4]}\nrandom: 5\n"
    found = read_sweep_file(str(write_base(tmp_path, text)))
    assert found is not None
    assert found.draws == Draws(5, 0)
    assert [[axis.name for axis in group] for group in found.zipped] == [["b", "c"]]
    assert found.where is None


@pytest.mark.parametrize("text", [SMALL, "a: 1\n", "- 1\n", "", "input: 3\nlayers: [relu\n"])
def test_other_files_are_none(text: str, tmp_path: Path) -> None:
    assert read_sweep_file(str(write_base(tmp_path, text))) is None


def test_a_missing_file_is_none_of_its_business(tmp_path: Path) -> None:
    assert read_sweep_file(str(tmp_path / "nothing.yaml")) is None


def test_all_mistakes_at_once_each_at_its_place(tmp_path: Path) -> None:
    text = (
        "axs: 1\naxes:\n  depth: []\n  gain: log:0:1:3\n  ok: [1]\nzip: 3\nrandom: {count: 2.5}\nwhere: 7\n"
    )
    file = write_base(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_sweep_file(str(file))
    assert str(caught.value).replace(f"{file}:", "").splitlines() == [
        "1:1: a sweep has no key 'axs'; did you mean 'axes'?",
        "1:1: the key 'base' is missing; write `base: net.yaml`, what to vary",
        "3:10: axes.depth: there are no values; give at least one",
        "4:9: axes.gain: the logarithmic range 'log:0:1:3' begins at 0; begin it above 0",
        "6:6: zip: expected a mapping of axes, got 3; write `zip: {depth: [10, 20]}`",
        "7:9: random: expected a number of points, got a mapping; "
        "write `random: 200` or `random: {count: 200, seed: 1}`",
        '8:8: where: expected a condition, got 7; write `where: "depth * width < 1e5"`',
    ]


def test_what_could_not_be_read_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(
        'base: "net\\0.yaml"\naxes: {depth: [1, .nan], gain: {spread: .inf}}\nrandom: {count: .nan}\nzip: {1: [2]}\n'
    )
    with pytest.raises(ConfigError) as caught:
        read_sweep_file(str(file))
    assert [problem.fact for problem in caught.value.problems] == [
        "base: the character U+0000 cannot stand in a text",
        "axes.depth[1]: a value may not be NaN",
        "axes.gain.spread: a value may not be infinite or beyond 1.8e308",
        "random.count: a value may not be NaN",
        "a key must be a text, not 1",
    ]
