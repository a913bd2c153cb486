"""Reads the layers of a config into the records of the schema. Knows no shapes and unrolls nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from gradscope.config.choices import read_choice, read_entry
from gradscope.config.document import BROKEN, Path, shortened
from gradscope.config.names import ADVICE, is_name
from gradscope.config.reader import Reader, hint_for_key, usable
from gradscope.config.schema import INSTEAD, LAYERS, Activation, Chrono, Horizon, Layer, Repeat, Unknown
from gradscope.config.suggest import HABITS
from gradscope.config.tables import ACTIVATION, CHOICES

_KNOWN_HINT = f"known are {', '.join(LAYERS)} and every activation"
_REPEAT_HINT = "write `repeat: N` beside `layers:`"
_MOST_OWNERS = 4
"""Kinds of layers that a hint lists."""


class _Written(NamedTuple):
    """An option's value as it stands, and where."""

    value: Any
    path: Path


class _Field(NamedTuple):
    """One option of a kind of layer."""

    attribute: str
    kind: Any
    is_required: bool
    default: Any


def read_layers(reader: Reader, value: Any, path: Path) -> tuple[Layer, ...]:
    """A list of layers; an `Unknown` stands for each that could not be read, or for the whole list."""
    if isinstance(value, list) and value:
        parts = (_read_layer(reader, item, (*path, number)) for number, item in enumerate(value))
        return tuple(layer for part in parts for layer in part)
    if value == []:
        reader.report(path, "the list of layers is empty", "write at least one, as in `- dense: 10`")
    else:
        reader.report_unexpected(path, "a list of layers", value, "begin each layer with `- `")
    return (Unknown(place=reader.document.place(path)),)


def layer_count(layers: tuple[Layer, ...]) -> int:
    """How many layers there are when every repeat is unrolled, containers and what they hold included."""
    total = 0
    for layer in layers:
        inner = sum(layer_count(getattr(layer, part, None) or ()) for part in ("layers", "shortcut"))
        total += layer.count * inner if isinstance(layer, Repeat) else layer.becomes + inner
    return total


def _read_layer(reader: Reader, item: Any, path: Path) -> list[Layer]:
    """One entry of the list: usually one layer, two with an activation behind it, `Unknown` when in doubt."""
    if isinstance(item, str):
        return _named(reader, item, _Written(None, path), path)
    if isinstance(item, dict) and "repeat" in item:
        return _of_kind(reader, "repeat", _Written(item, path), path)
    if isinstance(item, dict) and len(item) == 1:
        ((kind, value),) = item.items()
        return _named(reader, kind, _Written(value, (*path, kind)), path)
    if isinstance(item, dict) and item:
        _report_several_keys(reader, item, path)
    else:
        reader.report_unexpected(path, "a layer", item, "write `- relu` or `- dense: 256`")
    return [Unknown(place=reader.document.place(path))]


def _named(reader: Reader, kind: str, written: _Written, path: Path) -> list[Layer]:
    """A layer by the name of its kind or activation, with what is written behind it."""
    if kind in LAYERS:
        return _of_kind(reader, kind, written, path)
    if ACTIVATION.resolved(kind) in ACTIVATION.entries:
        return [_activation(reader, kind, written, path)]
    place = reader.document.place(path)
    of_option = _REPEAT_HINT if kind == "layers" else _option_hint(kind.lower(), written.value)
    hint = of_option or hint_for_key(kind, _kinds(), _KNOWN_HINT)
    reader.report_at(place, path, f"there is no layer '{shortened(kind)}'", hint)
    return [Unknown(place=place)]


def _kinds() -> list[str]:
    return [*LAYERS, *ACTIVATION.names]


def _option_hint(word: str, value: Any) -> str | None:
    """Where an option belongs that stands as a layer of its own, as in `bidirectional: {lstm: 64}`."""
    owners = [name for name, kind in LAYERS.items() if kind is not Repeat and word in _names(kind)]
    if not owners or any(word in HABITS.get(name, ()) for name in LAYERS):
        return None
    inside = value if isinstance(value, dict) else ()
    owner = next((name for name in owners if name in inside), owners[0])
    kind = LAYERS[owner]
    written = f"{word}: {'true' if word in _options(kind) and _options(kind)[word].kind is bool else '…'}"
    options = written if kind.main in (None, word) else f"{kind.main}: …, {written}"
    among = f"{', '.join(owners[:_MOST_OWNERS])}{' and others' if owners[_MOST_OWNERS:] else ''}"
    return f"it is an option of {among}: write `{owner}: {{{options}}}`"


def _report_several_keys(reader: Reader, item: dict[str, Any], path: Path) -> None:
    first, second = list(item)[:2]
    kinds = _kinds()
    if "layers" in item:
        hint = _REPEAT_HINT
    elif first in LAYERS and second in _names(LAYERS[first]):
        hint = (
            f"write its options behind its name: `{first}: {{{LAYERS[first].main or 'eps'}: …, {second}: …}}`"
        )
    elif first in kinds and second in kinds:
        hint = "begin each layer with `- ` on a line of its own"
    else:
        hint = hint_for_key(second if first in kinds else first, kinds, _KNOWN_HINT)
    words = ", ".join(f"'{shortened(key)}'" for key in list(item)[:4])
    reader.report(path, f"a layer has one key, this one has {len(item)}: {words}", hint)


def _activation(reader: Reader, name: str, written: _Written, path: Path) -> Layer:
    place = reader.document.place(path)
    value, layer_name = written.value, None
    if isinstance(value, dict) and "name" in value:
        value = {key: entry for key, entry in value.items() if key != "name"}
        layer_name = _layer_name(reader, written.value["name"], (*written.path, "name"))
    choice = read_entry(reader, ACTIVATION, name, value, written.path)
    if choice is BROKEN or layer_name is BROKEN:
        return Unknown(place=place)
    return Activation(choice=choice, name=layer_name, place=place)


def _of_kind(reader: Reader, name: str, written: _Written, path: Path) -> list[Layer]:
    """A layer of the table, and the activation behind it when its options name one."""
    kind, place = _record(name, written.value), reader.document.place(path)
    given = _given(reader, name, kind, written)
    if given is None:
        return [Unknown(place=place)]
    following = given.pop("activation", None) if kind.takes_activation else None
    values: dict[str, Any] = {}
    if "learned" in kind.unwritten:
        values["learned"] = _is_learned(reader, given)
    for option, field in _options(kind).items():
        if option in given:
            values[field.attribute] = _value(reader, option, field, given[option])
        elif field.is_required:
            reader.report(path, f"'{name}' needs '{option}'", f"write `- {kind.example}`")
            values[field.attribute] = BROKEN
    layer = kind(place=place, **values) if usable(values) else Unknown(place=place)
    return [layer] if following is None or following.value is None else [layer, _following(reader, following)]


def _record(name: str, value: Any) -> type[Layer]:
    """The record of a kind, which some options make another."""
    options = value if isinstance(value, dict) else {}
    return next((INSTEAD[name, key] for key in options if (name, key) in INSTEAD), LAYERS[name])


def _following(reader: Reader, written: _Written) -> Layer:
    place = reader.document.place(written.path)
    choice = read_choice(reader, ACTIVATION, written.value, written.path)
    return Unknown(place=place) if choice is BROKEN else Activation(choice=choice, place=place)


@lru_cache(maxsize=256)
def _options(kind: type[Layer]) -> dict[str, _Field]:
    """What may be written for a kind, by the name it has in YAML."""
    return {
        field.encode_name: _Field(field.name, field.type, field.required, field.default)
        for field in msgspec.structs.fields(kind)
        if field.name not in kind.unwritten and field.name != "place"
    }


def _names(kind: type[Layer]) -> list[str]:
    return [*_options(kind), *(["activation"] if kind.takes_activation else [])]


def _given(reader: Reader, name: str, kind: type[Layer], written: _Written) -> dict[str, _Written] | None:
    """The options as written: a mapping as it stands, anything else is the main one; None if it is wrong."""
    value, path = written
    names = _names(kind) + [key for of, key in INSTEAD if of == name and kind is LAYERS[name]]
    if isinstance(value, dict):
        entries = reader.known_entries(value, path, names)
        return {option: _Written(entry, (*path, option)) for option, entry in entries.items()}
    if value is None:
        return {}
    if kind.main is not None:
        return {kind.main: written}
    options = [option for option in names if option != "name"]
    if options:
        reader.report_unexpected(path, "a mapping of options", value, f"write `{name}: {{{options[0]}: …}}`")
    elif value is not BROKEN:
        reader.report(
            path, f"'{name}' takes no options, got {reader.described(value, path)}", f"write `{name}`"
        )
    return None


def _value(reader: Reader, option: str, field: _Field, written: _Written) -> Any:
    value, path = written
    if option in CHOICES:
        return field.default if value is None else read_choice(reader, CHOICES[option], value, path)
    if option in _READERS:
        return _READERS[option](reader, value, path)
    return reader.scalar(value, path, field.kind, field.default)


def _layer_name(reader: Reader, value: Any, path: Path) -> Any:
    name = reader.scalar(value, path, str)
    if name is BROKEN or is_name(name):
        return name
    reader.report(path, f"'{shortened(name)}' cannot name a layer", ADVICE)
    return BROKEN


def _shortcut(reader: Reader, value: Any, path: Path) -> tuple[Layer, ...] | None:
    if value is None or value == "identity":
        return None
    if isinstance(value, list):
        return read_layers(reader, value, path)
    reader.report_unexpected(path, "'identity' or a list of layers", value, "as in `shortcut: [dense: 256]`")
    return (Unknown(place=reader.document.place(path)),)


def _forget_bias(reader: Reader, value: Any, path: Path) -> Any:
    if value is None:
        return None
    if not isinstance(value, dict):
        return reader.scalar(value, path, float, 1.0)
    entries = reader.known_entries(value, path, ["chrono"])
    if "chrono" not in entries:
        reader.report_unexpected(path, "a number or `{chrono: T}`", value, "as in `forget_bias: 1.0`")
        return BROKEN
    steps = reader.scalar(entries["chrono"], (*path, "chrono"), Horizon, 100)
    return BROKEN if steps is BROKEN else Chrono(chrono=steps)


def _is_learned(reader: Reader, given: dict[str, _Written]) -> bool:
    """Whether the scale is written as `{learned: start}`; the start then takes its place in `given`."""
    scale = given.get("scale")
    if scale is None or not isinstance(scale.value, dict):
        return False
    start = reader.known_entries(scale.value, scale.path, ["learned"]).get("learned")
    given["scale"] = _Written(start, (*scale.path, "learned"))
    return True


_READERS: dict[str, Callable[[Reader, Any, Path], Any]] = {
    "name": _layer_name,
    "layers": read_layers,
    "shortcut": _shortcut,
    "forget_bias": _forget_bias,
}
"""Options that are neither choices nor scalars."""
