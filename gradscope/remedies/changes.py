"""One change to the plain data of a config: a value set, an entry inserted or removed. Knows no layer."""

import copy
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from msgspec import Struct

from gradscope.config.document import Path, dotted
from gradscope.config.knobs import references
from gradscope.errors import Mistake


class Change(Struct, frozen=True):
    """A change at a path of the data as it is written, knobs not filled in."""

    kind: Literal["set", "insert", "remove", "wrap"]
    path: Path
    """Where; of an insertion, the entry of a list it comes before."""
    to: Any = None
    """The new value; of layers that are wrapped, the options that come beside them."""
    was: Any = None

    def to_plain(self) -> dict[str, Any]:
        """As the JSON report has it."""
        to = {"layers": self.was, **self.to} if self.kind == "wrap" else self.to
        return {"path": dotted(self.path), "from": self.was, "to": to}

    def __str__(self) -> str:
        where = dotted(self.path)
        if self.kind == "insert":
            return f"{where}: insert {words(self.to)}"
        if self.kind == "remove":
            return f"{where}: remove {words(self.was)}"
        if self.kind == "wrap":
            return f"{where}: add {words(self.to)}"
        return (
            f"{where}: {words(self.was)} → {words(self.to)}"
            if self.was is not None
            else f"{where}: {words(self.to)}"
        )


def words(value: Any) -> str:
    """Plain data in the flow style of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {words(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(words, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def apply(data: Any, changes: Iterable[Change]) -> None:
    """Make the changes in place, those further down a list first so that no path moves under another.

    Raises:
        Mistake: there is no such place.
    """
    for change in sorted(changes, key=lambda change: _order(change.path), reverse=True):
        container = data
        for step in change.path[:-1]:
            if isinstance(container, dict) and step not in container:
                container[step] = {}
            container = container[step]
        _put(container, change.path[-1], change)


def _put(container: Any, last: Any, change: Change) -> None:
    if not isinstance(container, dict | list):
        raise Mistake(f"{dotted(change.path)} cannot be changed")
    if change.kind == "remove":
        del container[last]
    elif change.kind == "insert" and isinstance(container, list):
        container.insert(last, copy.deepcopy(change.to))
    elif change.kind == "wrap":
        # The very layers, not a copy: they may carry comments.
        container[last] = {"layers": container[last], **copy.deepcopy(change.to)}
    elif change.path == ("init",) and last not in container and (place := getattr(container, "insert", None)):
        # In a mapping with an order, what holds for every layer stands above them.
        place([*container].index("layers"), last, copy.deepcopy(change.to))
    else:
        container[last] = copy.deepcopy(change.to)


def value_at(data: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def unused_knobs(data: Any, before: Any) -> list[Change]:
    """The removal of knobs that something used before and nothing uses any more."""
    params = data.get("params") if isinstance(data, dict) else None
    if not isinstance(params, dict):
        return []
    lost = set(references(before)) - set(references(data))
    gone = [name for name in params if name in lost]
    if gone and len(gone) == len(params):
        return [Change("remove", ("params",), was=params)]
    return [Change("remove", ("params", name), was=params[name]) for name in gone]


def _order(path: Sequence[str | int]) -> list[tuple[bool, int, str]]:
    return [(isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in path]
