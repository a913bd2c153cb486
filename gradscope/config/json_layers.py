"""The part of the JSON Schema that describes layers, from their records."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gradscope.config.choices import options_of
from gradscope.config.json_nodes import (
    KNOB,
    NAME,
    NULL,
    Node,
    entries,
    first_line,
    mapping,
    needs,
    scalar,
    table_ref,
)
from gradscope.config.schema import INSTEAD, LAYERS, Horizon, Layer, Repeat
from gradscope.config.tables import ACTIVATION, CHOICES

LAYER_LIST: Node = {"$ref": "#/$defs/layers"}


def layer() -> Node:
    """A name, a name with options, or layers repeated."""
    named = {"name": _layer_name()}
    kinds = {name: _kind(name, kind) for name, kind in LAYERS.items() if kind is not Repeat}
    words = [name for name, kind in LAYERS.items() if kind is not Repeat and not _required(kind)]
    words += [
        name
        for name in ACTIVATION.names
        if not needs(options_of(ACTIVATION.entries[ACTIVATION.resolved(name)]))
    ]
    properties = kinds | entries(ACTIVATION, named)
    return {
        "description": "A layer: its name, or its name with its options behind it.",
        "anyOf": [
            {"enum": words},
            KNOB,
            {**mapping(properties), "minProperties": 1, "maxProperties": 1},
            {"description": first_line(Repeat), **_options(Repeat)},
        ],
    }


def _kind(name: str, kind: type[Layer]) -> Node:
    """What may stand behind a kind: its options, its main value, or nothing."""
    others = [other for (of, _), other in INSTEAD.items() if of == name]
    forms = [_options(record) for record in (kind, *others)]
    if kind.main is not None and set(_required(kind)) <= {kind.main}:
        forms.append(_fields(kind)[kind.main])
    if not _required(kind):
        forms.append(NULL)
    return {"description": first_line(kind), "anyOf": forms}


def _options(kind: type[Layer]) -> Node:
    return mapping(_fields(kind), _required(kind))


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
        fields["activation"] = {"anyOf": [table_ref(ACTIVATION), NULL]}
    return fields


def _field(field: msgspec.structs.FieldInfo, kind: type[Layer]) -> Node:
    name = field.encode_name
    if name in CHOICES:
        return {"anyOf": [table_ref(CHOICES[name]), NULL]}
    if name in _FORMS:
        return _FORMS[name]()
    node = scalar(field.type)
    if name == "scale" and "learned" in kind.unwritten:
        return {"anyOf": [node, mapping({"learned": node}, ("learned",))]}
    has_default = isinstance(field.default, int | float | str)
    return node | ({"default": field.default} if has_default else {})


def _layer_name() -> Node:
    return {"anyOf": [{"type": "string", "pattern": NAME}, KNOB]}


def _shortcut() -> Node:
    return {"anyOf": [{"const": "identity"}, KNOB, LAYER_LIST, NULL]}


def _forget_bias() -> Node:
    return {"anyOf": [scalar(float), mapping({"chrono": scalar(Horizon)}, ("chrono",)), NULL]}


_FORMS: dict[str, Callable[[], Node]] = {
    "name": _layer_name,
    "layers": lambda: LAYER_LIST,
    "shortcut": _shortcut,
    "forget_bias": _forget_bias,
}
"""Options of layers that are neither choices nor scalars."""
