import pickle
import time

import pytest

from gradscope.config.load import read_config
from gradscope.config.schema import Choice, Repeat, Unknown
from gradscope.errors import Problems
from tests.config.reading import SMALL, messages_of, read, read_with_messages

COMPLETE = """\
name: deep sigmoid MLP        # optional
description: The textbook case of a vanishing gradient.
params:
  depth: 20
  width: 256
  act: sigmoid
input: 784
batch:
  size: 32
  count: 2
  inputs: uniform
init: glorot_uniform
layers:
  - repeat: ${depth}
    layers:
      - dense: ${width}
      - ${act}
  - dense: 10
loss: {huber: 2}
seed: 7
trials: 5
dtype: float64
rules:
  GS101: {min_ratio: 1.0e-4}
  GS303: off
"""


def test_a_complete_config():
    config = read(COMPLETE)
    assert config.name == "deep sigmoid MLP"
    assert config.description == "The textbook case of a vanishing gradient."
    assert config.source == "net.yaml"
    assert config.params == {"depth": 20, "width": 256, "act": "sigmoid"}
    assert (config.input.shape, config.batch.size, config.batch.count) == ((784,), 32, 2)
    assert config.init == Choice(name="glorot_uniform", options={"gain": 1.0, "mode": "fan_avg"})
    repeat, head = config.layers
    assert isinstance(repeat, Repeat)
    assert (repeat.count, repeat.layers[0].units, repeat.layers[1].choice.name) == (20, 256, "sigmoid")
    assert head.units == 10
    assert config.loss == Choice(name="huber", options={"delta": 2.0})
    assert (config.seed, config.trials, config.dtype) == (7, 5, "float64")
    assert config.rules["GS303"].enabled is False


def test_the_defaults():
    config = read(SMALL)
    assert (config.name, config.description, config.params) == ("net", "", {})
    assert config.init == Choice(name="torch_default")
    assert config.loss == Choice(name="cross_entropy")
    assert (config.seed, config.trials, config.dtype) == (0, 3, "float32")
    assert (config.rules, config.optimizer) == ({}, None)


@pytest.mark.parametrize(
    ("source", "name"), [("a/deep.net.yaml", "deep.net"), ("<stdin>", "stdin"), ({}, "dict")], ids=str
)
def test_the_name_is_the_files_unless_given(source, name):
    problems = Problems()
    data = {"input": 8, "layers": [{"dense": 4}]}
    config = (
        read_config(data, None, problems) if source == {} else read_config(source, None, problems, text=SMALL)
    )
    assert config.name == name
    assert read(f"{SMALL}name: ''\n").name == "net"


def test_a_file_batch_is_looked_for_beside_the_config(tmp_path, monkeypatch):
    text = f"{SMALL}batch: {{inputs: {{file: data/rows.npy}}}}\n"
    path = tmp_path / "configs" / "net.yaml"
    path.parent.mkdir()
    path.write_text(text)
    problems = Problems()
    beside = read_config(path, None, problems)
    assert beside.batch.inputs.options == {"path": str(tmp_path / "configs" / "data" / "rows.npy")}
    monkeypatch.chdir(tmp_path)
    from_stdin = read_config("<stdin>", None, problems, text=text)
    assert from_stdin.batch.inputs.options == {"path": str(tmp_path / "data" / "rows.npy")}
    assert problems.found == []


def test_configs_are_frozen_and_travel():
    config = read(COMPLETE)
    assert pickle.loads(pickle.dumps(config)) == config
    with pytest.raises(AttributeError):
        config.seed = 3
    with pytest.raises(AttributeError):
        config.layers[0].count = 3


INPUT_FORMS = "write `input: 784`, `[3, 32, 32]`, `{length: 64, features: 32}` or `{length: 64, vocab: 1000}`"
WRONG_TYPES = {
    "name": ("5", "expected a text, got 5; put it in quotes"),
    "description": ("[a]", "expected a text, got a list; as in `description: word`"),
    "params": ("[a]", "expected a mapping of knobs; write `params: {depth: 20}`"),
    "input": ("x", f"expected the size of a sample, got the text 'x'; {INPUT_FORMS}"),
    "batch": ("[64]", "expected a mapping, got a list; write `batch: {size: 64}`"),
    "init": (
        "[zeros]",
        "expected the name of an initialiser, got a list; as in `init: torch_default`; "
        "options come below the name",
    ),
    "layers": ("relu", "expected a list of layers, got the text 'relu'; begin each layer with `- `"),
    "loss": (
        "true",
        "expected the name of a loss, got true; as in `loss: cross_entropy`; options come below the name",
    ),
    "seed": ("1e3", "expected a whole number of at least 0, got 1000.0; write 1000"),
    "trials": ("~", "expected a whole number of at least 1, got nothing; give it a value, or remove the key"),
    "dtype": ("float16", "expected 'float32' or 'float64', got the text 'float16'; as in `dtype: float32`"),
    "rules": ("[GS101]", "expected a mapping, got a list; write `rules: {GS303: off}`"),
    "training": (
        "[100]",
        "expected a mapping, got a list; write `training: {steps: 100, lr: 0.1}`",
    ),
}


@pytest.mark.parametrize("key", WRONG_TYPES)
def test_every_key_has_a_type(key):
    value, message = WRONG_TYPES[key]
    others = "".join(f"{line}\n" for line in ("input: 8", "layers: [relu]") if not line.startswith(key))
    line = others.count("\n") + 1
    assert messages_of(f"{others}{key}: {value}\n") == [f"net.yaml:{line}:{len(key) + 3}: {key}: {message}"]


def test_the_table_above_has_every_key():
    assert messages_of(f"{SMALL}zzz: 1\n") == [
        f"net.yaml:4:1: there is no key 'zzz'; known are {', '.join(sorted(WRONG_TYPES))}"
    ]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["net.yaml: there is nothing in it; `gradscope init` writes a starter config"]),
        ("# nothing\n", ["net.yaml: there is nothing in it; `gradscope init` writes a starter config"]),
        ("---\n...\n", ["net.yaml: there is nothing in it; `gradscope init` writes a starter config"]),
        (
            '{"schema_version": 1, "layers": [{"name": "dense1"}], "verdict": "healthy"}',
            ["net.yaml: this is a report, not a config; `gradscope compare` reads it"],
        ),
        (
            '{"schema_version": 1, "reports": []}',
            ["net.yaml: these are reports, no config; name the config they were made from"],
        ),
        (
            "base: a.yaml\naxes: {depth: [5, 10]}\n",
            ["net.yaml: this is a sweep, not a config; `gradscope sweep` computes it"],
        ),
        (
            "- dense: 3\n",
            [
                "net.yaml:1:1: a config is a mapping with the keys `input` and `layers`; "
                "`gradscope init` writes a starter config"
            ],
        ),
        (
            "hello",
            [
                "net.yaml:1:1: a config is a mapping with the keys `input` and `layers`; "
                "`gradscope init` writes a starter config"
            ],
        ),
        (
            "{}",
            [
                "net.yaml:1:1: the key 'layers' is missing; write `layers:` and below it `- dense: 10`",
                "net.yaml:1:1: the key 'input' is missing; write `input: 784`, the number of features",
            ],
        ),
        (
            "input: 3\n",
            ["net.yaml:1:1: the key 'layers' is missing; write `layers:` and below it `- dense: 10`"],
        ),
        (
            "inptu: 3\nlayer: [relu]\n",
            [
                "net.yaml:1:1: there is no key 'inptu'; did you mean 'input'?",
                "net.yaml:2:1: there is no key 'layer'; did you mean 'layers'?",
            ],
        ),
        (
            "input: 3\nlayers:\n-dense: 3\n",
            [
                "net.yaml:2:8: layers: expected a list of layers, got nothing; begin each layer with `- `",
                "net.yaml:3:1: there is no key '-dense'; write a space behind the '-'",
            ],
        ),
        (
            "input: 3\nlayers: []\n",
            ["net.yaml:2:9: layers: the list of layers is empty; write at least one, as in `- dense: 10`"],
        ),
        (
            "input: 3\nlayers: {dense: 3}\n",
            ["net.yaml:2:9: layers: expected a list of layers, got a mapping; begin each layer with `- `"],
        ),
        (
            "input: 3\nlayers:\n",
            ["net.yaml:2:8: layers: expected a list of layers, got nothing; begin each layer with `- `"],
        ),
        (
            f"{SMALL}seed: -1\n",
            ["net.yaml:4:7: seed: expected a whole number of at least 0, got -1; as in `seed: 0`"],
        ),
        (
            f"{SMALL}seed: 18446744073709551616\n",
            [
                "net.yaml:4:7: seed: expected a whole number below 2^64, got 18446744073709551616; "
                "as in `seed: 1`"
            ],
        ),
        (
            f"{SMALL}trials: 0\n",
            ["net.yaml:4:9: trials: expected a whole number of at least 1, got 0; as in `trials: 3`"],
        ),
        (
            f"{SMALL}init: xavir_normal\n",
            [
                "net.yaml:4:7: init: 'xavir_normal' is not the name of an initialiser; "
                "did you mean 'xavier_normal'?"
            ],
        ),
        (
            f"{SMALL}loss: bce\n",
            ["net.yaml:4:7: loss: 'bce' is not the name of a loss; did you mean 'binary_cross_entropy'?"],
        ),
        (
            f"{SMALL}loss: {{huber: 0}}\n",
            ["net.yaml:4:15: loss.huber: expected a number above 0, got 0; as in `huber: 1.0`"],
        ),
        (f"{SMALL}batch_size: 3\n", ["net.yaml:4:1: there is no key 'batch_size'; did you mean 'batch'?"]),
    ],
)
def test_mistakes_at_the_top(text, messages):
    assert messages_of(text) == messages


def test_the_largest_seed():
    assert read(f"{SMALL}seed: 18446744073709551615\n").seed == 2**64 - 1


def test_every_mistake_of_a_file_is_told_at_once():
    text = """\
params: {depth: x, unused: 1}
inptu: 3
batch: {size: "64", inputs: {normal: {std: -1}}}
init: he_norml
layers:
- dense: true
- rleu
- repeat: ${depth}
  layers: [dropout: 2]
- *anchor
seed: -1
seed: 0
loss: .nan
rules: {optimizer: 3}
"""
    config, messages = read_with_messages(text)
    assert messages == [
        "net.yaml:1:20: the knob 'unused' is not used; write ${unused} where its value belongs, or remove it",
        "net.yaml:2:1: there is no key 'inptu'; did you mean 'input'?",
        "net.yaml:3:15: batch.size: expected a whole number of at least 1, got the text '64'; "
        "remove the quotes",
        "net.yaml:3:44: batch.inputs.normal.std: expected a number of at least 0, got -1; as in `std: 1.0`",
        "net.yaml:4:7: init: 'he_norml' is not the name of an initialiser; did you mean 'he_normal'?",
        "net.yaml:6:10: layers[0].dense: expected a whole number of at least 1, got true; as in `dense: 8`",
        "net.yaml:7:3: layers[1]: there is no layer 'rleu'; did you mean 'relu'?",
        "net.yaml:8:11: layers[2].repeat: expected a whole number of at least 1, got the text 'x' "
        "from ${depth}; as in `repeat: 8`",
        "net.yaml:9:21: layers[2].layers[0].dropout: expected a number of at least 0 and below 1, got 2; "
        "as in `dropout: 0.1`",
        "net.yaml:10:3: aliases like *anchor are not supported; write the value out",
        "net.yaml:11:7: seed: expected a whole number of at least 0, got -1; as in `seed: 0`",
        "net.yaml:12:1: the key 'seed' is given twice; the first is in line 11",
        "net.yaml:13:7: loss: a value may not be NaN; write a number",
        "net.yaml:14:20: rules.optimizer: expected 'sgd' or 'adam', got 3; as in `optimizer: sgd`",
    ]
    assert [type(layer) for layer in config.layers] == [Unknown] * 5


def test_two_hundred_mistakes_are_enough():
    messages = messages_of("input: 3\nlayers:\n" + "- rleu\n" * 10_000)
    assert len(messages) == 201
    assert messages[0] == "net.yaml: stopped after 200 problems; mend these, then run again"


def nested(count, depth):
    layers = "relu"
    for _ in range(depth):
        layers = f"{{repeat: {count}, layers: [{layers}]}}"
    return f"input: 3\nlayers: [{layers}]\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (nested(10_000_000, 1), "10,000,000"),
        (nested(200_001, 1), "200,001"),
        (nested(1_000, 3), "1,000,000,000"),
        (nested(10**9, 25), "about 10^225"),
        ("input: 3\nlayers: [{repeat: 100000, layers: [residual: [relu, tanh]]}]\n", "300,000"),
        (
            "input: 3\nlayers: [{repeat: 50000, layers: [residual: {layers: [relu], shortcut: [{repeat: 3, "
            "layers: [relu]}]}]}]\n",
            "250,000",
        ),
    ],
)
def test_too_many_layers_are_refused_at_once(text, words):
    start = time.process_time()
    config, messages = read_with_messages(text)
    assert messages == [
        f"net.yaml:2:1: layers: the repeats make {words} layers, more than 200,000; "
        "lower the counts of `repeat`"
    ]
    assert [type(layer) for layer in config.layers] == [Unknown]
    assert time.process_time() - start < 1.0


def test_two_hundred_thousand_layers_are_accepted():
    assert read(nested(200_000, 1)).layers[0].count == 200_000
    assert len(read("input: 3\nlayers:\n" + "- dense: 3\n- relu\n" * 5_000).layers) == 10_000
