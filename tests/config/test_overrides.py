import numpy as np
import pytest

from gradscope.config.schema import Activation
from tests.config.reading import messages_of, read

BASE = """\
params: {depth: 3, init: he_normal}
input: 8
layers:
- repeat: ${depth}
  layers: [dense: 4, relu]
- dense: {units: 3, init: "${init}"}
rules: {GS303: off}
"""


def changed(key, value):
    return read(BASE, {key: value})


def test_a_knob_by_its_name():
    config = changed("depth", 50)
    assert config.params["depth"] == 50
    assert config.layers[0].count == 50


def test_a_knob_wins_over_a_key_of_the_same_name():
    config = changed("init", "zeros")
    assert config.init.name == "torch_default"
    assert config.layers[1].init.name == "zeros"


def test_paths():
    assert changed("batch.size", 16).batch.size == 16
    assert changed("seed", 7).seed == 7
    assert changed("params.depth", 5).layers[0].count == 5
    assert changed("layers.0.repeat", 5).layers[0].count == 5
    assert changed("layers[0].repeat", 5).layers[0].count == 5
    assert changed("layers[0].layers[0].dense", 64).layers[0].layers[0].units == 64
    assert changed("layers.1.dense.units", 64).layers[1].units == 64
    assert changed("layers.0.share", True).layers[0].share is True
    assert isinstance(changed("layers.1", "relu").layers[1], Activation)
    assert changed("rules.GS101.min_ratio", 1e-4).rules["GS101"].limits == {"min_ratio": 1e-4}
    assert changed("batch.inputs.normal.std", 2).batch.inputs.options == {"mean": 0.0, "std": 2.0}
    assert changed("batch.size", np.int64(16)).batch.size == 16


def test_knobs_work_in_values_from_outside():
    assert changed("input", "${depth}").input.shape == (3,)


def test_a_knob_that_an_override_replaces_was_used():
    assert read("params: {k: 3}\n" + "input: ${k}\nlayers: [dense: 2]\n", {"input": 5}).input.shape == (5,)


def test_several_at_once():
    config = read(BASE, {"depth": 2, "batch.size": 5, "batch.count": 6, "name": "n"})
    assert (config.layers[0].count, config.batch.size, config.batch.count, config.name) == (2, 5, 6, "n")


def test_values_from_outside_have_their_option_as_place():
    assert str(changed("layers.1.dense", 9).layers[1].place) == "net.yaml:6:3"
    assert str(changed("layers.1", "relu").layers[1].place) == "--set layers.1"
    assert messages_of(BASE, {"layers.1": [5], "depth": 0}) == [
        "--set layers.1: layers[1]: expected a layer, got a list; write `- relu` or `- dense: 256`",
        "net.yaml:4:11: layers[0].repeat: expected a whole number of at least 1, got 0 from ${depth}; "
        "as in `repeat: 8`",
    ]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("depht", 5, "depht: 'depht' is neither a knob nor a key of the config; did you mean 'depth'?"),
        ("inptu", 5, "inptu: 'inptu' is neither a knob nor a key of the config; did you mean 'input'?"),
        ("batch.sise", 3, "batch.sise: batch: there is no key 'sise'; did you mean 'size'?"),
        (
            "batch.size",
            "big",
            "batch.size: batch.size: expected a whole number of at least 1, got the text 'big'; "
            "as in `size: 8`",
        ),
        ("seed", 1.0, "seed: seed: expected a whole number of at least 0, got 1.0; write 1"),
        ("layers.2", "relu", "layers.2: layers has 2 entries, and no '2'; the last is layers[1]"),
        ("layers.x.dense", 5, "layers.x.dense: layers has 2 entries, and no 'x'; the last is layers[1]"),
        ("layers.-1", "relu", "layers.-1: layers has 2 entries, and no '-1'; the last is layers[1]"),
        (
            "layers.0.layers.0.dense.units",
            5,
            "layers.0.layers.0.dense.units: layers[0].layers[0].dense is 4, with no 'units' in it; "
            "set all of it: `--set layers[0].layers[0].dense=…`",
        ),
        (
            "layers.0.layers.1.relu",
            5,
            "layers.0.layers.1.relu: layers[0].layers[1] is the text 'relu', with no 'relu' in it; "
            "set all of it: `--set layers[0].layers[1]=…`",
        ),
        (
            "input.length",
            5,
            "input.length: input is 8, with no 'length' in it; set all of it: `--set input=…`",
        ),
        ("batch.inputs.0", 5, "batch.inputs.0: there is no batch.inputs; set the whole list"),
        (
            "dtype.x",
            3,
            "dtype.x: dtype: expected 'float32' or 'float64', got a mapping; as in `dtype: float32`",
        ),
        ("a..b", 3, "a..b: this is neither a knob nor a path; write it like batch.size or layers[0].dense"),
        (
            "layers[0",
            3,
            "layers[0: this is neither a knob nor a path; write it like batch.size or layers[0].dense",
        ),
        ("", 3, ": this is neither a knob nor a path; write it like batch.size or layers[0].dense"),
        (5, 3, "5: this is neither a knob nor a path; write it like batch.size or layers[0].dense"),
        ("name." + "a." * 70 + "a", 3, None),
        (
            "depth",
            [1],
            "depth: params.depth: a knob is a text, a number or a truth value, not a list; "
            "give it a single value",
        ),
        (
            "params.new",
            1,
            "params.new: the knob 'new' is not used; write ${new} where its value belongs, or remove it",
        ),
        (
            "batch",
            {"inputs": object()},
            "batch: batch.inputs: a Python object cannot stand in a config; "
            "use text, numbers, True, False, None, lists and dicts",
        ),
    ],
)
def test_what_has_no_place_is_told(key, value, message):
    messages = messages_of(BASE, {key: value})
    assert len(messages) == 1
    if message is None:
        assert messages[0].endswith("…: the path is more than 64 steps long; no config is that deep")
    else:
        assert messages == [f"--set {message}"]


def test_a_broken_value_on_the_way_is_told_once():
    assert messages_of("input: 3\nlayers: [dense: 2]\nbatch: *x\n", {"batch.size": 3}) == [
        "net.yaml:3:8: aliases like *x are not supported; write the value out"
    ]


def test_a_path_into_an_empty_list():
    assert messages_of("input: 3\nlayers: []\n", {"layers.0": "relu"})[0] == (
        "--set layers.0: layers has 0 entries, and no '0'; set the whole list"
    )


def test_an_empty_section_is_filled():
    assert read("input: 3\nlayers: [dense: 2]\nbatch:\n", {"batch.size": 3}).batch.size == 3
