"""The JSON Schema (2020-12) of a config, from the records of the schema and the signatures of the engine.

It serves editors: what it refuses is wrong; knobs, shapes and names given twice are for the loader to judge.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias, Union, get_args, get_origin

import msgspec

from gradscope.config.choices import Option, Table, options_of
from gradscope.config.schema import (
    INSTEAD,
    LAYERS,
    Batch,
    Config,
    Horizon,
    Layer,
    Optimizer,
    Repeat,
    Severity,
    Size,
    Training,
)
from gradscope.config.tables import ACTIVATION, CHOICES, INITIALIZER, INPUTS, LOSS, OPTIMIZER

Node: TypeAlias = dict[str, Any]

MAX_SEED = 2**64 - 1

_KNOB: Node = {"$ref": "#/$defs/knob"}
_LAYERS: Node = {"$ref": "#/$defs/layers"}
_NULL: Node = {"type": "null"}
_SCALARS = frozenset({"integer", "number", "boolean", "string"})
_REQUIRED = inspect.Parameter.empty
_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"

_TABLES = {
    "activation": ACTIVATION,
    "initialiser": INITIALIZER,
    "loss": LOSS,
    "inputs": INPUTS,
    "optimizer": OPTIMIZER,
}
"""Those whose choices are described once, by the name of the description."""


class Subject(NamedTuple):
    """What a config may say about one rule: words about it, and its limits with their defaults."""

    words: str
    limits: Mapping[str, float]


def config_schema(rules: Mapping[str, Subject]) -> Node:
    """The schema of a whole config, given the rules by id."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gradscope config",
        "description": "A network and what it is fed: gradscope finds out what becomes of its gradient.",
        **_mapping(_top(rules), required=("input", "layers")),
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
            "layer": _layer(),
            **{name: _choice(table) for name, table in _TABLES.items()},
        },
    }


def _top(rules: Mapping[str, Subject]) -> dict[str, Node]:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Config)}
    seed = _scalar(kinds["seed"])
    seed["anyOf"][0]["maximum"] = MAX_SEED
    properties = {
        "name": ("What the report calls it; the file's stem when absent.", _scalar(str)),
        "description": ("What to look for.", _scalar(str)),
        "params": ("Knobs: ${name} elsewhere, `--set name=…` on the command line.", _params()),
        "input": ("The shape of one sample: features, [channels, height, width] or a sequence.", _input()),
        "batch": ("How much data, and from which distribution.", _batch()),
        "init": ("The weight initialiser of every layer; torch_default when absent.", _table(INITIALIZER)),
        "layers": ("The layers in forward order.", _LAYERS),
        "loss": ("What is differentiated; cross_entropy when absent.", _table(LOSS)),
        "seed": ("The same seed draws the same weights and batches; 0 when absent.", seed),
        "trials": ("Independent draws of weights and batches; 3 when absent.", _scalar(kinds["trials"])),
        "dtype": ("Precision of the pass; float32 when absent.", _scalar(kinds["dtype"])),
        "rules": ("Limits and severities of this config.", _rules(rules)),
        "training": ("How `gradscope train` trains it.", _training()),
    }
    return {key: {"description": words, **node} for key, (words, node) in properties.items()}


def _mapping(properties: Mapping[str, Node], required: tuple[str, ...] = ()) -> Node:
    """An object of these keys and no others."""
    needs = {"required": list(required)} if required else {}
    return {"type": "object", "properties": dict(properties), **needs, "additionalProperties": False}


def _scalar(kind: Any) -> Node:
    """A type of the schema's records, and a knob wherever it has a scalar."""
    parts = get_args(kind) if get_origin(kind) in (types.UnionType, Union) else ()
    # Part by part: msgspec 0.22 crashes on a bounded number or a pair of them.
    if parts:
        forms = [form for part in parts for form in _forms(_scalar(part))]
        return {"anyOf": [form for number, form in enumerate(forms) if form not in forms[:number]]}
    return _with_knobs(msgspec.json.schema(kind))


def _forms(node: Node) -> list[Node]:
    forms: list[Node] = node["anyOf"] if node.keys() == {"anyOf"} else [node]
    return forms


def _with_knobs(node: Node) -> Node:
    if "anyOf" in node:
        return {**node, "anyOf": [_with_knobs(part) for part in node["anyOf"]]}
    if isinstance(node.get("items"), dict):
        return {**node, "items": _with_knobs(node["items"])}
    if "prefixItems" in node:
        return {**node, "prefixItems": [_with_knobs(part) for part in node["prefixItems"]]}
    is_scalar = node.get("type") in _SCALARS or "enum" in node or "const" in node
    return {"anyOf": [node, _KNOB]} if is_scalar and node != {"type": "string"} else node


def _table(table: Table) -> Node:
    return {"$ref": f"#/$defs/{next(name for name, each in _TABLES.items() if each is table)}"}


def _choice(table: Table) -> Node:
    """A name, or a name with its options."""
    options = {name: options_of(table.entries[table.resolved(name)]) for name in table.names}
    return {
        "description": f"The name of {table.noun}, with options behind it or without.",
        "anyOf": [
            {"enum": [name for name, given in options.items() if not _needs(given)]},
            _KNOB,
            {**_mapping(_entries(table, {})), "minProperties": 1, "maxProperties": 1},
        ],
    }


def _entries(table: Table, more: dict[str, Node]) -> dict[str, Node]:
    """What may stand behind each name of a table; `more` are keys that go with every option."""
    return {name: _behind(table.entries[table.resolved(name)], more) for name in table.names}


def _behind(entry: Callable[..., Any], more: dict[str, Node]) -> Node:
    options = options_of(entry)
    properties = {option.name: _option(option) for option in options} | more
    forms = [_mapping(properties, _needs(options))]
    if options and options[0].is_short and len(_needs(options)) <= 1:
        forms.append(_option(options[0]))
    if not _needs(options):
        forms.append(_NULL)
    return {"description": _first_line(entry), "anyOf": forms}


def _needs(options: tuple[Option, ...]) -> tuple[str, ...]:
    return tuple(option.name for option in options if option.default is _REQUIRED)


def _option(option: Option) -> Node:
    has_default = option.default is not _REQUIRED and option.default is not None
    return _scalar(option.kind) | ({"default": option.default} if has_default else {})


def _layer() -> Node:
    """A name, a name with options, or layers repeated."""
    named = {"name": _layer_name()}
    kinds = {name: _kind(name, kind) for name, kind in LAYERS.items() if kind is not Repeat}
    words = [name for name, kind in LAYERS.items() if kind is not Repeat and not _required(kind)]
    words += [
        name
        for name in ACTIVATION.names
        if not _needs(options_of(ACTIVATION.entries[ACTIVATION.resolved(name)]))
    ]
    properties = kinds | _entries(ACTIVATION, named)
    return {
        "description": "A layer: its name, or its name with its options behind it.",
        "anyOf": [
            {"enum": words},
            _KNOB,
            {**_mapping(properties), "minProperties": 1, "maxProperties": 1},
            {"description": _first_line(Repeat), **_options(Repeat)},
        ],
    }


def _kind(name: str, kind: type[Layer]) -> Node:
    """What may stand behind a kind: its options, its main value, or nothing."""
    others = [other for (of, _), other in INSTEAD.items() if of == name]
    forms = [_options(record) for record in (kind, *others)]
    if kind.main is not None and set(_required(kind)) <= {kind.main}:
        forms.append(_fields(kind)[kind.main])
    if not _required(kind):
        forms.append(_NULL)
    return {"description": _first_line(kind), "anyOf": forms}


def _options(kind: type[Layer]) -> Node:
    return _mapping(_fields(kind), _required(kind))


def _required(kind: type[Layer]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in _written(kind) if field.required)


def _written(kind: type[Layer]) -> list[msgspec.structs.FieldInfo]:
    """The fields that have a name in YAML."""
    return [
        field
        for field in msgspec.structs.fields(kind)
        if field.name not in kind.unwritten and field.name != "place"
    ]


def _fields(kind: type[Layer]) -> dict[str, Node]:
    fields = {field.encode_name: _field(field, kind) for field in _written(kind)}
    if kind.takes_activation:
        fields["activation"] = {"anyOf": [_table(ACTIVATION), _NULL]}
    return fields


def _field(field: msgspec.structs.FieldInfo, kind: type[Layer]) -> Node:
    name = field.encode_name
    if name in CHOICES:
        return {"anyOf": [_table(CHOICES[name]), _NULL]}
    if name in _FORMS:
        return _FORMS[name]()
    node = _scalar(field.type)
    if name == "scale" and "learned" in kind.unwritten:
        return {"anyOf": [node, _mapping({"learned": node}, ("learned",))]}
    has_default = isinstance(field.default, int | float | str)
    return node | ({"default": field.default} if has_default else {})


def _layer_name() -> Node:
    return {"anyOf": [{"type": "string", "pattern": _NAME}, _KNOB]}


def _shortcut() -> Node:
    return {"anyOf": [{"const": "identity"}, _KNOB, _LAYERS, _NULL]}


def _forget_bias() -> Node:
    return {"anyOf": [_scalar(float), _mapping({"chrono": _scalar(Horizon)}, ("chrono",)), _NULL]}


_FORMS: dict[str, Callable[[], Node]] = {
    "name": _layer_name,
    "layers": lambda: _LAYERS,
    "shortcut": _shortcut,
    "forget_bias": _forget_bias,
}
"""Options of layers that are neither choices nor scalars."""


def _params() -> Node:
    value = {"type": ["string", "number", "boolean"]}
    names = {"pattern": _NAME}
    return {"type": ["object", "null"], "propertyNames": names, "additionalProperties": value}


def _input() -> Node:
    size = _scalar(Size)
    sizes = [{"type": "array", "items": size, "minItems": count, "maxItems": count} for count in (1, 3)]
    sequences = [
        _mapping({"length": size, other: size}, ("length", other)) for other in ("features", "vocab")
    ]
    return {"anyOf": [*size["anyOf"], *sizes, *sequences]}


def _batch() -> Node:
    return {"anyOf": [_mapping({**_numbers(Batch), "inputs": _table(INPUTS)}), _NULL]}


def _training() -> Node:
    return {"anyOf": [_mapping({**_numbers(Training), "optimizer": _table(OPTIMIZER)}), _NULL]}


def _numbers(section: type[msgspec.Struct]) -> dict[str, Node]:
    """What may be written in a section, but for its choices."""
    return {
        field.name: _scalar(field.type) | ({} if field.default is None else {"default": field.default})
        for field in msgspec.structs.fields(section)
        if field.name not in {"place", *CHOICES}
    }


def _rules(rules: Mapping[str, Subject]) -> Node:
    properties = {name: _rule(subject) for name, subject in rules.items()}
    optimizer = {"description": "Whose limits hold.", **_scalar(Optimizer)}
    return {"anyOf": [_mapping({**properties, "optimizer": optimizer}), _NULL]}


def _rule(subject: Subject) -> Node:
    severity = _scalar(Severity)
    limits = {name: _scalar(float) | {"default": value} for name, value in subject.limits.items()}
    return {
        "description": subject.words,
        "anyOf": [{"const": "off"}, *severity["anyOf"], _mapping({**limits, "severity": severity})],
    }


def _first_line(entry: Any) -> str:
    return (inspect.getdoc(entry) or "").partition("\n\n")[0].replace("\n", " ")
