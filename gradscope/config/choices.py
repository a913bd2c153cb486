"""Reads a choice from a table of the engine: an activation, initialiser, loss or input, and its options.

The signatures of the engine's functions say which options there are; nothing of them is repeated here.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from gradscope.config.document import BROKEN, Path, shortened
from gradscope.config.reader import Reader, usable
from gradscope.config.schema import Choice
from gradscope.config.suggest import suggest
from gradscope.engine.options import Within


class Table(NamedTuple):
    """One of the engine's tables, and what messages call an entry of it."""

    noun: str
    entries: Mapping[str, Callable[..., Any]]
    aliases: Mapping[str, str]

    def resolved(self, name: str) -> str:
        """The name behind an alias, or the name itself."""
        return self.aliases.get(name, name)

    @property
    def names(self) -> list[str]:
        """Everything that may be written."""
        return [*self.entries, *self.aliases]


class Option(NamedTuple):
    """One parameter of an entry of a table."""

    name: str
    kind: Any
    default: Any
    is_short: bool
    """Whether `entry: value` gives it."""


PATH_OPTIONS = frozenset({"path"})
"""Options that name a file, relative to the config's folder."""

_INSTEAD = {"linear": "for a layer with weights write `dense: 256`"}
"""Names that are something else in other frameworks."""

_REQUIRED = inspect.Parameter.empty


@lru_cache(maxsize=256)
def options_of(function: Callable[..., Any]) -> tuple[Option, ...]:
    """The options an entry takes, in the order of its signature."""
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    return tuple(
        Option(each.name, _bounded(hints[each.name]), each.default, each.kind is not each.KEYWORD_ONLY)
        for each in parameters
    )


def _bounded(annotation: Any) -> Any:
    """The engine's `Within` in the words of msgspec."""
    if get_origin(annotation) is not Annotated:
        return annotation
    base, *metas = get_args(annotation)
    for meta in metas:
        if isinstance(meta, Within):
            return Annotated[base, _meta(meta)]
    return base


def _meta(within: Within) -> msgspec.Meta:
    bounds = zip(("ge", "le", "gt", "lt"), within, strict=True)
    given: dict[str, Any] = {name: bound for name, bound in bounds if math.isfinite(bound)}
    if "gt" in given:
        given.pop("ge", None)
    return msgspec.Meta(**given)


def read_choice(reader: Reader, table: Table, value: Any, path: Path) -> Any:
    """A `Choice` written as a name, `{name: options}` or `{name: value}`; `BROKEN` with the reasons noted."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, options),) = value.items()
        name_place, options_path = reader.document.key_place((*path, name)), (*path, name)
    elif isinstance(value, str):
        name, options = value, None
        name_place, options_path = reader.document.place(path), path
    else:
        hint = f"as in `{path[-1]}: {next(iter(table.entries))}`; options come below the name"
        reader.report_unexpected(path, f"the name of {table.noun}", value, hint)
        return BROKEN
    if table.resolved(name) in table.entries:
        return read_entry(reader, table, name, options, options_path)
    fact = f"'{shortened(name)}' is not the name of {table.noun}"
    reader.report_at(
        name_place, path, fact, suggest(name, table.names) or f"known are {', '.join(table.entries)}"
    )
    return BROKEN


def read_entry(reader: Reader, table: Table, name: str, value: Any, path: Path) -> Any:
    """The `Choice` of a name that the table has; `value` is what is written behind it."""
    if value is BROKEN:
        return BROKEN
    resolved = table.resolved(name)
    options = options_of(table.entries[resolved])
    given = _given(reader, name, options, value, path)
    if given is None:
        return BROKEN
    values = {option.name: _option(reader, option, given, name, path) for option in options}
    return _choice(reader, resolved, values) if usable(values) else BROKEN


def _given(
    reader: Reader, name: str, options: tuple[Option, ...], value: Any, path: Path
) -> dict[str, tuple[Any, Path]] | None:
    """Written options with their places: a mapping as it stands, anything else is a value for the first."""
    if isinstance(value, dict):
        entries = reader.known_entries(value, path, [option.name for option in options])
        return {key: (entry, (*path, key)) for key, entry in entries.items()}
    if value is None:
        return {}
    if options and options[0].is_short:
        return {options[0].name: (value, path)}
    if not options:
        hint = _INSTEAD.get(name, f"write `{name}` alone")
        reader.report(path, f"'{name}' takes no options, got {reader.described(value, path)}", hint)
    else:
        reader.report_unexpected(
            path, "a mapping of options", value, f"write `{name}: {{{options[0].name}: …}}`"
        )
    return None


def _option(reader: Reader, option: Option, given: dict[str, tuple[Any, Path]], name: str, path: Path) -> Any:
    if option.name in given:
        return reader.scalar(*given[option.name], option.kind, option.default)
    if option.default is _REQUIRED:
        short = f"`{name}: …`" if option.is_short else f"`{name}: {{{option.name}: …}}`"
        reader.report(path, f"'{name}' needs '{option.name}'", f"write {short}")
        return BROKEN
    return option.default


def _choice(reader: Reader, name: str, values: Mapping[str, Any]) -> Choice:
    written = {key: value for key, value in values.items() if key in PATH_OPTIONS and isinstance(value, str)}
    options = {key: value for key, value in values.items() if value is not None}
    options.update({key: reader.resolved_path(value) for key, value in written.items()})
    return Choice(name=name, options=options, written=written)
