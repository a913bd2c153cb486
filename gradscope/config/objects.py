"""Python objects to the plain data a config may hold: copies, under the limits a file has. No schema here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradscope.config.document import (
    BROKEN,
    KEY,
    MAX_DEPTH,
    MAX_NODES,
    Document,
    Path,
    UnreadableError,
    dotted,
    shortened,
)
from gradscope.config.scalars import clean, finite
from gradscope.errors import Mistake, Place, Problems


def from_python(value: object, path: Path, document: Document, place: Place, problems: Problems) -> Any:
    """A copy of dicts, lists and scalars (NumPy's too) for `path`; what a config cannot hold is noted."""
    return _Copier(document, place, problems).copy(value, path)


class _Copier:
    def __init__(self, document: Document, place: Place, problems: Problems) -> None:
        self._document = document
        self._place = place
        self._problems = problems
        self._nodes = 0

    def copy(self, value: object, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._report((), f"more than {MAX_NODES:,} values", "repeat layers with `repeat: N`")
            raise UnreadableError
        if len(path) > MAX_DEPTH:
            self._report(path[:3], f"nested more than {MAX_DEPTH} levels deep", "flatten it")
            raise UnreadableError
        if isinstance(value, Mapping):
            return self._mapping(value, path)
        if isinstance(value, list | tuple):
            return [self.copy(entry, (*path, number)) for number, entry in enumerate(value)]
        try:
            return self._scalar(value, path)
        except Mistake as mistake:
            self._report(path, mistake.fact, mistake.hint)
            return BROKEN

    def _mapping(self, value: Mapping[Any, object], path: Path) -> Any:
        entries: dict[str, Any] = {}
        broken = False
        for key, entry in value.items():
            try:
                if not isinstance(key, str):
                    raise Mistake(f"a key must be a text, not {shortened(repr(key))}", "put it in quotes")
                name = clean(str(key))
            except Mistake as mistake:
                self._report(path, mistake.fact, mistake.hint)
                self.copy(entry, (*path, KEY))
                broken = True
            else:
                entries[name] = self.copy(entry, (*path, name))
        return BROKEN if broken and not entries else entries

    def _scalar(self, value: object, path: Path) -> Any:
        item = getattr(value, "item", None)
        if item is not None and getattr(value, "shape", None) == ():
            value = item()
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            self._document.plain.add(path)
            return clean(str(value))
        if isinstance(value, int):
            return finite(int(value))
        if isinstance(value, float):
            return finite(float(value))
        raise Mistake(
            f"a Python {type(value).__name__} cannot stand in a config",
            "use text, numbers, True, False, None, lists and dicts",
        )

    def _report(self, path: Path, fact: str, hint: str | None) -> None:
        where = dotted(path)
        self._problems.add(self._place, f"{where}: {fact}" if where else fact, hint)
