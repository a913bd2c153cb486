"""The JSON Schema against the loader: it admits what the loader reads, and refuses what it can know to be
wrong."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradscope.config.json_schema import Subject, config_schema
from gradscope.config.schema import LAYERS
from gradscope.config.source import parse
from gradscope.config.starter import starter_text
from gradscope.config.tables import ACTIVATION, INITIALIZER, INPUTS, LOSS
from gradscope.errors import Problems
from gradscope.rules import RULES
from tests.config import test_layers, test_load, test_sections

jsonschema = pytest.importorskip("jsonschema")

CONFIGS = sorted((Path(__file__).parents[2] / "configs").rglob("*.yaml"))
SCHEMA = config_schema({rule.id: Subject(rule.summary, rule.limits) for rule in RULES.values()})
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def data_of(text: str) -> Any:
    """The plain data, and None where the text is not even YAML."""
    document = parse(text, "net.yaml", Problems())
    return None if document is None else document.data


def is_valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(data_of(text)))


def network(layer: str) -> str:
    return f"input: 8\nlayers:\n- {layer}\n"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA, allow_nan=False)) == SCHEMA


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_every_shipped_config_is_valid(file: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(data_of(file.read_text()))] == []


def test_so_is_the_starter() -> None:
    assert is_valid(starter_text())


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_so_are_the_examples_of_the_rules(rule: Any) -> None:
    assert is_valid(rule.fires_on)
    assert is_valid(rule.silent_on)


@pytest.mark.parametrize("name", LAYERS)
def test_every_kind_of_layer_is_known(name: str) -> None:
    assert is_valid(network(LAYERS[name].example or name))
    assert not is_valid(network(f"{{{name}: {{nonsense: 1}}}}"))


@pytest.mark.parametrize("name", ACTIVATION.names)
def test_every_activation_is_a_layer(name: str) -> None:
    assert is_valid(network(name))
    assert is_valid(network(f"{name}: {{name: act}}"))
    assert is_valid(network(f"dense: {{units: 3, activation: {name}}}"))
    assert not is_valid(network(f"{name}: {{nonsense: 1}}"))


NEEDS = {"constant": "{constant: 1}", "file": "{file: rows.npz}"}


@pytest.mark.parametrize("name", INITIALIZER.names)
def test_every_initialiser_is_known(name: str) -> None:
    for key in ("init", "bias_init"):
        assert is_valid(network(f"dense: {{units: 3, {key}: {NEEDS.get(name, name)}}}"))
    assert is_valid(f"init: {NEEDS.get(name, name)}\n{network('relu')}")


@pytest.mark.parametrize("name", [*LOSS.names, *INPUTS.names])
def test_every_loss_and_every_input_is_known(name: str) -> None:
    where = "loss: {}" if name in LOSS.names else "batch: {{inputs: {}}}"
    assert is_valid(where.format(NEEDS.get(name, name)) + "\n" + network("relu"))


def test_every_scalar_may_be_a_knob() -> None:
    assert is_valid("""\
params: {n: 3, on_: true, text: a b, x: 0.5}
name: ${text} ${n}
input: ${n}
batch: {size: "${n}0", count: "${n}", inputs: {normal: {std: "${x}"}}}
init: ${text}
layers:
- repeat: ${n}
  share: ${on_}
  layers: [dense: "${n}", "${text}", {dropout: "${x}"}]
- dense: {units: "${n}", bias: "${on_}", init: {he_normal: {gain: "${x}", mode: "${text}"}}, name: "${text}"}
- leaky_relu: ${x}
- layer_norm: {eps: "1e-${n}"}
- residual: {layers: [relu], scale: {learned: "${x}"}}
- residual: {layers: [relu], scale: "${x}", shortcut: "${text}"}
loss: {huber: "${x}"}
seed: ${n}
trials: ${n}
dtype: float${n}2
rules: {GS101: {min_ratio: "${x}", severity: "${text}"}, GS102: "${text}", optimizer: "${text}"}
""")
    assert not is_valid(network("dense: '$n'"))
    assert not is_valid(network("dense: '${a b}'"))


UNKNOWABLE = {
    "- dense: 2.0",  # a whole number in JSON Schema
    "- ${x}: 256",
    f"{test_load.SMALL}seed: 18446744073709551616\n",
}
"""Mistakes that only the loader can see."""


def mistaken() -> Iterator[tuple[str, str]]:
    """Every config that the tests of the loader refuse, from the tables of those tests."""
    frames = {
        test_layers.test_mistakes_in_a_layer: "input: 8\nlayers:\n{}\n",
        test_sections.test_mistakes_in_input: f"input: {{}}\n{test_sections.LAYERS}",
        test_sections.test_mistakes_in_batch: f"input: 3\n{test_sections.LAYERS}batch: {{}}\n",
        test_sections.test_mistakes_in_rules: f"input: 3\n{test_sections.LAYERS}rules: {{}}\n",
        test_load.test_mistakes_at_the_top: "{}",
    }
    for test, frame in frames.items():
        (mark,) = test.pytestmark
        for text, *_ in mark.args[1]:
            yield text, frame.replace("{}", text, 1)


@pytest.mark.parametrize(("text", "config"), [*mistaken()], ids=[text for text, _ in mistaken()])
def test_what_the_loader_refuses_is_refused_where_a_schema_can_know(text: str, config: str) -> None:
    if text not in UNKNOWABLE:
        assert not is_valid(config)


def test_descriptions_are_there_for_the_editor() -> None:
    assert all(node.get("description") for node in SCHEMA["properties"].values())
    layer = SCHEMA["$defs"]["layer"]["anyOf"][2]["properties"]
    assert layer["dense"]["description"] == "y = xW + b."
    assert all(node["description"] for node in layer.values())
