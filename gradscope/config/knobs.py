"""Knobs: `params:` and what `${name}` stands for elsewhere. Knows no other key of a config."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gradscope.config.document import BROKEN, MAX_FILE, MAX_TEXT, Document, Path, dotted, shortened
from gradscope.config.names import ADVICE, is_name
from gradscope.config.scalars import resolve
from gradscope.config.suggest import suggest
from gradscope.errors import Mistake, Problems

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)\}", re.ASCII)

_CIRCLE_SHOWN = 6
"""Knobs of a circle that a message names."""

Scalar = str | int | float | bool


def knob_names(document: Document) -> dict[str, Any]:
    """The `params:` mapping as it stands; empty when there is none."""
    params = document.data.get("params") if isinstance(document.data, dict) else None
    return params if isinstance(params, dict) else {}


def references(data: Any) -> Iterator[str]:
    """Every knob's name that stands in `${ }` anywhere in plain data."""
    if isinstance(data, str):
        yield from _REFERENCE.findall(data)
    elif isinstance(data, dict | list):
        for entry in data.values() if isinstance(data, dict) else data:
            yield from references(entry)


def resolve_knobs(document: Document, problems: Problems) -> dict[str, Any]:
    """The knobs with each other's values filled in; `BROKEN` where that failed, with the reasons noted."""
    raw = knob_names(document)
    params = document.data.get("params")
    if params is not None and params is not raw and params is not BROKEN:
        problems.add(
            document.place(("params",)), "params: expected a mapping of knobs", "write `params: {depth: 20}`"
        )
    usable = {name: value for name, value in raw.items() if _is_knob(document, name, value, problems)}
    values: dict[str, Any] = {name: BROKEN for name in raw if name not in usable}
    filler = _Filler(document, values, problems)
    for name, circle in _in_order({name: [*references(value)] for name, value in usable.items()}):
        if circle:
            place = document.key_place(("params", circle[0]))
            problems.add(place, f"knobs go round in a circle: {_chain(circle)}", "give one a value")
        values[name] = BROKEN if circle else filler.fill(usable[name], ("params", name))
    return values


def fill_knobs(document: Document, values: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The data, `params:` aside, with every `${name}` replaced; `BROKEN` where that was impossible."""
    filler = _Filler(document, values, problems)
    return {key: filler.fill(value, (key,)) for key, value in document.data.items() if key != "params"}


def _is_knob(document: Document, name: str, value: Any, problems: Problems) -> bool:
    path: Path = ("params", name)
    if not is_name(name):
        problems.add(document.key_place(path), f"'{shortened(name)}' is no name for a knob", ADVICE)
        return False
    if value is None or isinstance(value, dict | list):
        noun = "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
        fact = f"params.{shortened(name)}: a knob is a text, a number or a truth value, not {noun}"
        problems.add(document.place(path), fact, "give it a single value")
        return False
    return True


def _in_order(uses: Mapping[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Every name behind those it uses, with the beginning of the circle that it closes; linear in time."""
    done: set[str] = set()
    trail: list[tuple[str, Iterator[str]]] = []
    position: dict[str, int] = {}
    for root in uses:
        following = None if root in done else root
        while following is not None or trail:
            if following is not None:
                position[following] = len(trail)
                trail.append((following, iter(uses[following])))
            name, rest = trail[-1]
            following = next((other for other in rest if other in uses and other not in done), None)
            if following is None or following in position:
                start = len(trail) if following is None else position[following]
                yield name, [member for member, _ in trail[start : start + _CIRCLE_SHOWN + 1]]
                done.add(name)
                del position[name]
                trail.pop()
                following = None


def _chain(circle: list[str]) -> str:
    shown = circle if len(circle) <= _CIRCLE_SHOWN else [*circle[: _CIRCLE_SHOWN - 1], "…"]
    return " → ".join(shortened(name) for name in (*shown, circle[0]))


class _Filler:
    """Puts knobs' values into texts, and keeps count of how much text that makes."""

    def __init__(self, document: Document, values: Mapping[str, Any], problems: Problems) -> None:
        self._document = document
        self._values = values
        self._problems = problems
        self._budget = MAX_FILE

    def fill(self, data: Any, path: Path) -> Any:
        if isinstance(data, dict):
            return {key: self.fill(entry, (*path, key)) for key, entry in data.items()}
        if isinstance(data, list):
            return [self.fill(entry, (*path, number)) for number, entry in enumerate(data)]
        if not isinstance(data, str) or "${" not in data:
            return data
        try:
            filled = self._text(data, path)
        except Mistake as mistake:
            self._problems.add(self._document.place(path), f"{dotted(path)}: {mistake.fact}", mistake.hint)
            return BROKEN
        self._document.origins[path] = data
        return filled

    def _text(self, text: str, path: Path) -> Any:
        if alone := _REFERENCE.fullmatch(text):
            return self._value(alone[1])
        pieces = _REFERENCE.split(text)
        for literal in pieces[::2]:
            if "${" in literal:
                raise Mistake(
                    f"'{shortened(literal[literal.index('${') :])}' is no knob", "a knob is written ${name}"
                )
        values = [self._value(name) for name in pieces[1::2]]
        if BROKEN in values:
            return BROKEN
        pieces[1::2] = [_formatted(value) for value in values]
        self._spend(sum(map(len, pieces)))
        joined = "".join(pieces)
        return resolve(joined) if path in self._document.plain else joined

    def _spend(self, length: int) -> None:
        self._budget -= length
        if length > MAX_TEXT:
            raise Mistake(
                f"with its knobs filled in the text has {length:,} characters",
                f"at most {MAX_TEXT:,} are allowed",
            )
        if self._budget < 0:
            raise Mistake(
                "with all knobs filled in the texts are too long",
                f"at most {MAX_FILE // 2**20} MB are allowed",
            )

    def _value(self, name: str) -> Any:
        if name not in self._values:
            hint = suggest(name, self._values) or "add it under `params:`"
            raise Mistake(f"there is no knob '{shortened(name)}'", hint)
        return self._values[name]


def _formatted(value: Scalar) -> str:
    """The value as YAML writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
