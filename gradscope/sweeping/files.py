"""Sweep files: `base:`, `axes:`, `zip:`, `random:` and `where:` in YAML. Combines nothing."""

from __future__ import annotations

import os
from typing import Any

from msgspec import Struct

from gradscope.config.document import BROKEN, Document
from gradscope.config.source import read_source
from gradscope.config.suggest import suggest
from gradscope.config.wording import described
from gradscope.errors import ConfigError, Problems
from gradscope.sweeping.axes import Axis, make_axis
from gradscope.sweeping.grid import Draws

_KEYS = ("base", "axes", "zip", "random", "where")
_ONLY_HERE = frozenset({"base", "axes"})
_RANDOM_FORMS = "write `random: 200` or `random: {count: 200, seed: 1}`"


class SweepFile(Struct, frozen=True, kw_only=True):
    """What a sweep file says."""

    base: str
    """The path of the config, from where the process is."""
    axes: tuple[Axis, ...] = ()
    zipped: tuple[tuple[Axis, ...], ...] = ()
    draws: Draws | None = None
    where: str | None = None


def read_sweep_file(path: str) -> SweepFile | None:
    """The sweep that a file describes; None when the file is something else, such as a config.

    Raises:
        ConfigError: it is a sweep file with mistakes, all of them at once.
    """
    problems = Problems()
    document = read_source(path, problems)
    if document is None or not isinstance(document.data, dict) or not _ONLY_HERE & document.data.keys():
        return None
    found = _Reader(document, problems).read()
    problems.raise_any()
    return found


class _Reader:
    def __init__(self, document: Document, problems: Problems) -> None:
        self._document = document
        self._problems = problems
        self._data: dict[str, Any] = document.data

    def read(self) -> SweepFile:
        for key in self._data:
            if key not in _KEYS:
                place = self._document.key_place((key,))
                self._problems.add(place, f"a sweep has no key '{key}'", suggest(key, _KEYS) or "remove it")
        groups = self._data.get("zip")
        return SweepFile(
            base=self._base(),
            axes=self._axes(self._data.get("axes"), ("axes",)),
            zipped=tuple(
                self._axes(group, ("zip", number) if isinstance(groups, list) else ("zip",))
                for number, group in enumerate(groups if isinstance(groups, list) else [groups])
                if group is not None
            ),
            draws=self._draws(),
            where=self._where(),
        )

    def _base(self) -> str:
        base = self._data.get("base")
        if isinstance(base, str) and base:
            return os.path.join(os.path.dirname(self._document.source), base)
        if "base" not in self._data:
            place = self._document.place(())
            self._problems.add(place, "the key 'base' is missing", "write `base: net.yaml`, what to vary")
        else:
            self._expected("the path of a config", base, ("base",), "write `base: net.yaml`")
        return ""

    def _axes(self, value: Any, path: tuple[str | int, ...]) -> tuple[Axis, ...]:
        if value is None:
            return ()
        if not isinstance(value, dict):
            self._expected("a mapping of axes", value, path, f"write `{path[0]}: {{depth: [10, 20]}}`")
            return ()
        found = []
        for name, values in value.items():
            if not _is_whole(values):
                continue  # which is told already
            try:
                found.append(make_axis(name, values, self._document.place((*path, name))))
            except ConfigError as error:
                for problem in error.problems:
                    self._problems.add(problem.place, f"{path[0]}.{name}: {problem.fact}", problem.hint)
        return tuple(found)

    def _draws(self) -> Draws | None:
        value = self._data.get("random")
        if value is None:
            return None
        options = value if isinstance(value, dict) else {"count": value}
        whole = [type(number) is int and number >= 0 for number in options.values()]
        if "count" not in options or not options.keys() <= {"count", "seed"} or not all(whole):
            self._expected("a number of points", value, ("random",), _RANDOM_FORMS)
            return None
        return Draws(**options)

    def _where(self) -> str | None:
        value = self._data.get("where")
        if value is not None and not isinstance(value, str):
            self._expected("a condition", value, ("where",), 'write `where: "depth * width < 1e5"`')
            return None
        return value

    def _expected(self, words: str, value: Any, path: tuple[str | int, ...], hint: str) -> None:
        if _is_whole(value):
            fact = f"{path[0]}: expected {words}, got {described(value)}"
            self._problems.add(self._document.place(path), fact, hint)


def _is_whole(value: Any) -> bool:
    """Whether everything in it could be read; what could not is told by then."""
    if isinstance(value, dict | list):
        return all(map(_is_whole, value.values() if isinstance(value, dict) else value))
    return value is not BROKEN
