"""Reads single values out of a document and notes what is wrong with them, at their place. Knows no keys."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gradscope.config.document import BROKEN, Document, Path, dotted, shortened
from gradscope.config.suggest import nearest, suggest
from gradscope.config.wording import described, expected, mending
from gradscope.errors import Place, Problems

_SLIPS = (
    (re.compile(r"\$\{"), "knobs stand for values, not for keys"),
    (re.compile(r"^-\S"), "write a space behind the '-'"),
    (re.compile(r":\S"), "write a space behind the ':'"),
)
"""What a key looks like when something else went wrong than its spelling."""


class Reader:
    """A document, the list its problems go to, and the folder that its relative paths start from."""

    def __init__(self, document: Document, problems: Problems, folder: str = "") -> None:
        self.document = document
        self.problems = problems
        self.folder = folder

    def report(self, path: Path, fact: str, hint: str) -> None:
        """Note what is wrong with the value at `path`."""
        self.report_at(self.document.place(path), path, fact, hint)

    def report_at(self, place: Place, path: Path, fact: str, hint: str) -> None:
        """Note something about the value at `path`, at a place that says more than its own."""
        self.problems.add(place, f"{dotted(path)}: {fact}" if path else fact, hint)

    def report_unexpected(self, path: Path, words: str, value: Any, hint: str) -> None:
        """Note that the value at `path` is not what it should be; silent when it was reported already."""
        if value is not BROKEN:
            self.report(path, f"expected {words}, got {self.described(value, path)}", hint)

    def described(self, value: Any, path: Path) -> str:
        """The value in words, and the knobs it came from."""
        origin = self.document.origins.get(path)
        return described(value) + (f" from {shortened(origin)}" if origin is not None else "")

    def scalar(self, value: Any, path: Path, kind: Any, like: Any = BROKEN) -> Any:
        """The value as `kind` (a type, strictly, with msgspec's bounds); `BROKEN` with the reason noted.

        Args:
            value: what stands in the document.
            path: where.
            kind: a type, msgspec's annotations included.
            like: a value to show as an example.
        """
        try:
            return BROKEN if value is BROKEN else msgspec.convert(value, kind)
        except msgspec.ValidationError:
            self.report_unexpected(path, expected(kind, value), value, mending(kind, value, _key(path), like))
            return BROKEN

    def known_entries(self, value: dict[str, Any], path: Path, known: Iterable[str]) -> dict[str, Any]:
        """The known entries of a mapping. Others are noted, with `BROKEN` for what they were meant to be."""
        names = list(known)
        entries: dict[str, Any] = {}
        for key, entry in value.items():
            if key in names:
                entries[key] = entry
                continue
            fact = f"there is no key '{shortened(key)}'"
            self.report_at(self.document.key_place((*path, key)), path, fact, hint_for_key(key, names))
            meant = nearest(key, names)
            if meant and meant not in value:
                entries[meant] = BROKEN
        return entries

    def resolved_path(self, text: str) -> str:
        """A path as written in the config, made absolute."""
        return os.path.abspath(os.path.join(self.folder, text))


def hint_for_key(key: str, known: Iterable[str], otherwise: str = "remove it") -> str:
    """What to write instead of an unknown key, or of an unknown layer's name."""
    slip = next((hint for pattern, hint in _SLIPS if pattern.search(key)), None)
    return slip or suggest(key, known) or otherwise


def _key(path: Path) -> str:
    return next(step for step in reversed(path) if isinstance(step, str))


def usable(values: Mapping[str, Any]) -> bool:
    """Whether every value could be read."""
    return not any(value is BROKEN for value in values.values())
