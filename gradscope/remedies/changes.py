"""One change to the plain data of a config: a value set, an entry inserted, layers wrapped. Knows no kind."""

import copy
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from msgspec import Struct

from gradscope.config.document import Path, dotted
from gradscope.config.knobs import references
from gradscope.errors import Mistake


class Change(Struct, frozen=True):
    """A change at a path of the data as it is written, knobs not filled in."""

    kind: Literal["set", "insert", "remove", "rename", "wrap", "enclose"]
    path: Path
    """Where; of an insertion, the entry of a list it comes before; of a renaming, the key."""
    to: Any = None
    """The new value or key; of a value that is wrapped, the options that come beside it."""
    was: Any = None
    key: str = ""
    """Of a value that is wrapped, what it is called among the options; of enclosed layers, the container."""

    def to_plain(self) -> dict[str, Any]:
        """As the JSON report has it."""
        return {"path": dotted(self.path), "from": self.was, "to": self.result}

    @property
    def result(self) -> Any:
        """What stands there afterwards."""
        if self.kind == "wrap":
            return {self.key: self.was, **self.to}
        if self.kind == "enclose":
            return [{self.key: {**self.to, "layers": self.was}}]
        return self.to


def apply(data: Any, changes: Iterable[Change]) -> None:
    """Make the changes in place, those further down a list first so that no path moves under another.

    Raises:
        Mistake: there is no such place.
    """
    inserted: Counter[Path] = Counter()
    for change in in_order(changes):
        container = data
        for step in change.path[:-1]:
            if isinstance(container, dict) and step not in container:
                container[step] = {}
            container = container[step]
        last: Any = change.path[-1]
        if change.kind == "insert":
            # Several before one entry stand in the order they come.
            last += inserted[change.path]
            inserted[change.path] += 1
        _put(container, last, change)


def in_order(changes: Iterable[Change]) -> list[Change]:
    """The changes, those further down or further in first, and of one place its insertions last."""
    return sorted(changes, key=lambda change: (_order(change.path), change.kind != "insert"), reverse=True)


def _put(container: Any, last: Any, change: Change) -> None:
    if not isinstance(container, dict | list):
        raise Mistake(f"{dotted(change.path)} cannot be changed")
    if change.kind == "remove":
        del container[last]
    elif change.kind == "insert" and isinstance(container, list):
        container.insert(last, copy.deepcopy(change.to))
    elif change.kind == "rename":
        container[change.to] = container.pop(last)
    else:
        now = container[last] if change.kind in ("wrap", "enclose") else change.was
        container[last] = copy.deepcopy(Change(change.kind, change.path, change.to, now, change.key).result)


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
