"""The pieces a JSON Schema is made of: scalars and knobs, mappings, and choices from the engine's tables."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, Union, get_args, get_origin

import msgspec

from gradscope.config import names
from gradscope.config.choices import Option, Table, options_of
from gradscope.config.tables import ACTIVATION, INITIALIZER, INPUTS, LOSS, OPTIMIZER

Node: TypeAlias = dict[str, Any]

KNOB: Node = {"$ref": "#/$defs/knob"}
NULL: Node = {"type": "null"}
NAME = f"^{names.NAME}$"
_SCALARS = frozenset({"integer", "number", "boolean", "string"})
_REQUIRED = inspect.Parameter.empty

TABLES = {
    "activation": ACTIVATION,
    "initialiser": INITIALIZER,
    "loss": LOSS,
    "inputs": INPUTS,
    "optimizer": OPTIMIZER,
}
"""Those whose choices are described once, by the name of the description."""


def mapping(properties: Mapping[str, Node], required: tuple[str, ...] = ()) -> Node:
    """An object of these keys and no others."""
    needs = {"required": list(required)} if required else {}
    return {"type": "object", "properties": dict(properties), **needs, "additionalProperties": False}


def scalar(kind: Any) -> Node:
    """A type of the schema's records, and a knob wherever it has a scalar."""
    parts = get_args(kind) if get_origin(kind) in (types.UnionType, Union) else ()
    # Part by part: msgspec 0.22 crashes on a bounded number or a pair of them.
    if parts:
        forms = [form for part in parts for form in _forms(scalar(part))]
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
    return {"anyOf": [node, KNOB]} if is_scalar and node != {"type": "string"} else node


def table_ref(table: Table) -> Node:
    """The description of a table, which is given once."""
    return {"$ref": f"#/$defs/{next(name for name, each in TABLES.items() if each is table)}"}


def choice(table: Table) -> Node:
    """A name, or a name with its options."""
    options = {name: options_of(table.entries[table.resolved(name)]) for name in table.names}
    return {
        "description": f"The name of {table.noun}, with options behind it or without.",
        "anyOf": [
            {"enum": [name for name, given in options.items() if not needs(given)]},
            KNOB,
            {**mapping(entries(table, {})), "minProperties": 1, "maxProperties": 1},
        ],
    }


def entries(table: Table, more: dict[str, Node]) -> dict[str, Node]:
    """What may stand behind each name of a table; `more` are keys that go with every option."""
    return {name: _behind(table.entries[table.resolved(name)], more) for name in table.names}


def _behind(entry: Callable[..., Any], more: dict[str, Node]) -> Node:
    options = options_of(entry)
    properties = {option.name: _option(option) for option in options} | more
    forms = [mapping(properties, needs(options))]
    if options and options[0].is_short and len(needs(options)) <= 1:
        forms.append(_option(options[0]))
    if not needs(options):
        forms.append(NULL)
    return {"description": first_line(entry), "anyOf": forms}


def needs(options: tuple[Option, ...]) -> tuple[str, ...]:
    """The options that must be given."""
    return tuple(option.name for option in options if option.default is _REQUIRED)


def _option(option: Option) -> Node:
    has_default = option.default is not _REQUIRED and option.default is not None
    return scalar(option.kind) | ({"default": option.default} if has_default else {})


def first_line(entry: Any) -> str:
    """What the docstring of a record or function begins with."""
    return (inspect.getdoc(entry) or "").partition("\n\n")[0].replace("\n", " ")
