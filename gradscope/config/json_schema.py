"""The JSON Schema (2020-12) of a config, from the records of the schema and the signatures of the engine.

It serves editors: what it refuses is wrong; knobs, shapes and names given twice are for the loader to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from gradscope.config.json_layers import LAYER_LIST, layer
from gradscope.config.json_nodes import NAME, NULL, TABLES, Node, choice, mapping, scalar, table_ref
from gradscope.config.schema import Batch, Config, Optimizer, Severity, Size, Training
from gradscope.config.tables import CHOICES, INITIALIZER, INPUTS, LOSS, OPTIMIZER

MAX_SEED = 2**64 - 1


class Subject(NamedTuple):
    """What a config may say about one rule: words about it, its limits with their defaults, and whether it is
    always judged."""

    words: str
    limits: Mapping[str, float]
    always: bool = False


def config_schema(rules: Mapping[str, Subject]) -> Node:
    """The schema of a whole config, given the rules by id."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gradscope config",
        "description": "A network and what it is fed: gradscope finds out what becomes of its gradient.",
        **mapping(_top(rules), required=("input", "layers")),
        "$defs": {
            "knob": {
                "description": "A text with a knob of `params` in it, such as ${depth}.",
                "type": "string",
                "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}",
            },
            "layers": {
                "description": "The layers in forward order.",
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/layer"},
            },
            "layer": layer(),
            **{name: choice(table) for name, table in TABLES.items()},
        },
    }


def _top(rules: Mapping[str, Subject]) -> dict[str, Node]:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Config)}
    seed = scalar(kinds["seed"])
    seed["anyOf"][0]["maximum"] = MAX_SEED
    properties = {
        "name": ("What the report calls it; the file's stem when absent.", scalar(str)),
        "description": ("What to look for.", scalar(str)),
        "params": ("Knobs: ${name} elsewhere, `--set name=…` on the command line.", _params()),
        "input": ("The shape of one sample: features, [channels, height, width] or a sequence.", _input()),
        "batch": ("How much data, and from which distribution.", _batch()),
        "init": ("The weight initialiser of every layer; torch_default when absent.", table_ref(INITIALIZER)),
        "layers": ("The layers in forward order.", LAYER_LIST),
        "loss": ("What is differentiated; cross_entropy when absent.", table_ref(LOSS)),
        "seed": ("The same seed draws the same weights and batches; 0 when absent.", seed),
        "trials": ("Independent draws of weights and batches; 3 when absent.", scalar(kinds["trials"])),
        "dtype": ("Precision of the pass; float32 when absent.", scalar(kinds["dtype"])),
        "rules": ("Limits and severities of this config.", _rules(rules)),
        "training": ("How `gradscope train` trains it.", _training()),
    }
    return {key: {"description": words, **node} for key, (words, node) in properties.items()}


def _params() -> Node:
    value = {"type": ["string", "number", "boolean"]}
    names = {"pattern": NAME}
    return {"type": ["object", "null"], "propertyNames": names, "additionalProperties": value}


def _input() -> Node:
    size = scalar(Size)
    sizes = [{"type": "array", "items": size, "minItems": count, "maxItems": count} for count in (1, 3)]
    sequences = [mapping({"length": size, other: size}, ("length", other)) for other in ("features", "vocab")]
    return {"anyOf": [*size["anyOf"], *sizes, *sequences]}


def _batch() -> Node:
    return {"anyOf": [mapping({**_numbers(Batch), "inputs": table_ref(INPUTS)}), NULL]}


def _training() -> Node:
    return {"anyOf": [mapping({**_numbers(Training), "optimizer": table_ref(OPTIMIZER)}), NULL]}


def _numbers(section: type[msgspec.Struct]) -> dict[str, Node]:
    """What may be written in a section, but for its choices."""
    return {
        field.name: scalar(field.type) | ({} if field.default is None else {"default": field.default})
        for field in msgspec.structs.fields(section)
        if field.name not in {"place", *CHOICES}
    }


def _rules(rules: Mapping[str, Subject]) -> Node:
    properties = {name: _rule(subject) for name, subject in rules.items()}
    optimizer = {"description": "Whose limits hold.", **scalar(Optimizer)}
    return {"anyOf": [mapping({**properties, "optimizer": optimizer}), NULL]}


def _rule(subject: Subject) -> Node:
    severity = {"anyOf": [{"const": "error"}]} if subject.always else scalar(Severity)
    limits = {name: scalar(float) | {"default": value} for name, value in subject.limits.items()}
    off = [] if subject.always else [{"const": "off"}]
    return {
        "description": subject.words,
        "anyOf": [*off, *severity["anyOf"], mapping({**limits, "severity": severity})],
    }
