"""A config before it is understood: plain data, and the place of every key and value. No YAML, no schema."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, TypeAlias

from gradscope.errors import Place, Problems

Path: TypeAlias = tuple[str | int, ...]
"""The way from the top of a config to a value: keys of mappings and numbers of list entries."""

KEY: Final = -1
"""The step in a path to a key itself, and to values that no entry holds."""

MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_TEXT = 64 * 1024
MAX_FILE = 8 * 1024 * 1024
"""A config is written by people: what is deeper, larger or longer than this is a mistake or an attack."""

MAX_PROBLEMS = 200


class _Broken(Enum):
    BROKEN = "broken"


BROKEN: Final[Any] = _Broken.BROKEN
"""Stands where a value was reported as unusable, so that nobody reports what follows from it."""


class UnreadableError(Exception):
    """The rest of an input is not looked at; the reason is among the problems."""


class BoundedProblems(Problems):
    """Problems of one config; a file of two hundred mistakes is not read to its end."""

    def add(self, place: Place, fact: str, hint: str | None = None) -> None:
        """Note one mistake.

        Raises:
            UnreadableError: that was one too many; said in a problem of its own.
        """
        super().add(place, fact, hint)
        if len(self.found) >= MAX_PROBLEMS:
            super().add(
                Place(place.source), f"stopped after {MAX_PROBLEMS} problems", "mend these, then run again"
            )
            raise UnreadableError


class Document:
    """Plain data (dict, list, str, int, float, bool, None, `BROKEN`) and what is known of each path in it."""

    def __init__(self, source: str, data: Any = None) -> None:
        self.source = source
        self.data = data
        self.values: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.plain: set[Path] = set()
        """Texts that were not quoted: what knobs make of them is read by the rules of YAML again."""
        self.origins: dict[Path, str] = {}
        """Texts as they stood before their knobs were filled in."""
        self.suppressed: dict[int, tuple[str, ...]] = {}
        """What comments silence, by line."""

    def place(self, path: Path) -> Place:
        """Where the value stands, or the nearest thing around it that has a place."""
        return _nearest(self.values, path) or Place(self.source)

    def key_place(self, path: Path) -> Place:
        """Where the key of a mapping entry stands; the value's place for an entry of a list."""
        return self.keys.get(path) or self.place(path)

    def moved(self, path: Path, place: Place) -> None:
        """The value at `path` was replaced from outside: forget what was known of it and below."""
        for known in (self.values, self.keys, self.origins):
            for old in [old for old in known if old[: len(path)] == path]:
                del known[old]
        self.plain = {old for old in self.plain if old[: len(path)] != path}
        self.values[path] = place
        self.keys[path] = place

    def copy(self) -> Document:
        """The same, to be changed without changing this one."""
        twin = Document(self.source, _copied(self.data))
        twin.values, twin.keys = self.values.copy(), self.keys.copy()
        twin.plain, twin.origins = self.plain.copy(), self.origins.copy()
        twin.suppressed = self.suppressed.copy()
        return twin


def _copied(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(value) for value in data] if isinstance(data, list) else data


def _nearest(places: dict[Path, Place], path: Path) -> Place | None:
    for length in range(len(path), -1, -1):
        if place := places.get(path[:length]):
            return place
    return None


def dotted(path: Path) -> str:
    """The path in the words that `--set` takes too: `layers[0].dense.units`."""
    words = ""
    for step in path[: path.index(KEY)] if KEY in path else path:
        words += f"[{step}]" if isinstance(step, int) else f".{shortened(step)}" if words else shortened(step)
    return words


def shortened(text: str, length: int = 40) -> str:
    """The text on one line, cut where it gets long."""
    line = "".join(char if char.isprintable() else "�" if char > "\x7f" else " " for char in text)
    return line if len(line) <= length else f"{line[: length - 1]}…"
