from pathlib import Path

import pytest
import yaml

from gradscope.config.load import read_document
from gradscope.errors import Problems
from gradscope.loading import load_config
from gradscope.remedies.catalogue import CATALOGUE
from gradscope.remedies.changes import Change, apply
from gradscope.remedies.fixing import Found, fixed
from gradscope.remedies.search import passes
from gradscope.remedies.writing import MARK, rewritten
from gradscope.rules import RULES

CONFIGS = sorted(Path("configs").glob("*.yaml"))
ASKED = {"seed": None, "trials": None}
SICK = {
    "batch_norm_explodes",
    "deep_sigmoid",
    "dying_relu",
    "residual_grows",
    "torch_default_relu_20",
    "unscaled_pixels",
    "xavier_relu_30",
}


def search(path: Path) -> Found:
    return fixed(str(path), {}, asked=ASKED, jobs=1)


@pytest.mark.parametrize("name", sorted(SICK))
def test_every_sick_config_is_cured(name: str, tmp_path: Path) -> None:
    source = Path("configs", f"{name}.yaml")
    found = search(source)
    assert found.fix.needed
    assert found.fix.found is not None
    assert passes(found.fix.found.report)
    assert found.text is not None
    written = tmp_path / f"{name}.yaml"
    written.write_text(found.text, encoding="utf-8")
    assert load_config(str(written)).layers is not None


@pytest.mark.parametrize("name", ["deep_relu_he", "digits_mlp", "rezero", "tanh_glorot"])
def test_a_healthy_config_is_left_alone(name: str) -> None:
    found = search(Path("configs", f"{name}.yaml"))
    assert (found.fix.needed, found.fix.tried, found.text, found.diff) == (False, (), None, ())


@pytest.mark.parametrize("name", sorted(SICK))
def test_untouched_lines_stay_byte_for_byte(name: str) -> None:
    found = search(Path("configs", f"{name}.yaml"))
    assert found.text is not None
    removed = [line[1:] for line in found.diff if line.startswith("-") and not line.startswith("---")]
    added = [line[1:] for line in found.diff if line.startswith("+") and not line.startswith("+++")]
    kept = [line for line in found.text.splitlines() if line not in added]
    assert kept == [line for line in found.before.splitlines() if line not in removed]
    assert any(MARK in line for line in added)


UGLY = """\
# my net
name:   ugly   # two blanks
params:   # knobs
    deep:  30
    act: relu   # mine
input:  64
layers:
- repeat: ${deep}
  layers: [dense: 64, "${act}"]   # flow

# the head

- dense:    10
seed:   0o3
"""


def test_a_text_of_another_style_keeps_it() -> None:
    text = rewritten(UGLY, [Change("set", ("params", "act"), "elu", "relu")])
    expected = UGLY.replace("act: relu   # mine", f"act: elu    # mine; {MARK}: was `act: relu`")
    assert text == expected


def test_a_new_key_stands_above_the_layers() -> None:
    text = rewritten(UGLY, [Change("set", ("init",), {"variance": 2.0})])
    assert text == UGLY.replace("layers:\n-", f"init: {{variance: 2.0}}  # {MARK}: new\nlayers:\n-", 1)


def test_windows_line_ends_and_a_missing_last_one_stay() -> None:
    text = "input: 64\r\nlayers:\r\n  - relu\r\n  - dense: 10"
    changed = rewritten(text, [Change("set", ("layers", 0), "elu", "relu")])
    assert changed == f"input: 64\r\nlayers:\r\n  - elu  # {MARK}: was `relu`\r\n  - dense: 10"


def test_inserted_and_removed_entries() -> None:
    text = "input: 4\nlayers:\n  - dense: 8  # a\n  - relu\n  # b\n  - dense: 2\n"
    changes = [Change("insert", ("layers", 1), "layer_norm"), Change("remove", ("layers", 1), was="relu")]
    inserted = rewritten(text, changes[:1])
    assert inserted == text.replace("  - relu", f"  - layer_norm  # {MARK}: new\n  - relu")
    removed = rewritten(text, changes[1:])
    assert removed == text.replace("  - relu", f"  # {MARK}: removed `relu`")
    assert [*yaml.safe_load(rewritten(text, changes[1:]))["layers"]] == [{"dense": 8}, {"dense": 2}]


def test_paths_do_not_move_under_each_other() -> None:
    data = {"layers": ["a", "b", "c"]}
    apply(data, [Change("insert", ("layers", n), "x") for n in range(3)])
    assert data["layers"] == ["x", "a", "x", "b", "x", "c"]


def test_nothing_helps_against_what_no_remedy_is_for() -> None:
    text = "input: 4\ninit: he_normal\nlayers: [dense: 4, dense: 4]\nrules: {GS301: error}\n"
    found = fixed("text", {}, text=text, asked=ASKED, select=("GS301",), jobs=1)
    assert found.fix.needed
    assert found.fix.found is None
    assert found.fix.best is not None
    assert (found.text, found.diff) == (None, ())


def test_a_bias_that_normalisation_cancels() -> None:
    text = (
        "input: 9\ninit: he_normal\nlayers: [dense: 9, batch_norm, relu, dense: 4]\nrules: {GS303: error}\n"
    )
    found = fixed("text", {}, text=text, asked=ASKED, select=("GS303",), jobs=1)
    assert found.text is not None
    assert yaml.safe_load(found.text)["layers"][0] == {"dense": {"units": 9, "bias": False}}


def test_a_knob_nothing_uses_any_more_goes_too() -> None:
    text = 'input: 64\nparams: {s: 0.3, d: 25}\ninit: {variance: "${s}"}\n'
    text += 'layers:\n  - {repeat: "${d}", layers: [dense: 64, relu]}\n  - dense: 10\n'
    found = fixed("text", {}, text=text, asked=ASKED, jobs=1)
    assert found.text is not None
    data = yaml.safe_load(found.text)
    assert data["params"] == {"d": 25}
    problems = Problems()
    assert read_document("text", problems, text=found.text) is not None
    assert not problems.found


def test_every_remedy_is_called_for_by_rules_that_exist() -> None:
    for remedy in CATALOGUE:
        assert remedy.rules <= RULES.keys(), remedy.name
