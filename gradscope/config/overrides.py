"""Values set from outside, as by `--set KEY=VALUE`: by a knob's name, or the dotted path to any value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gradscope.config.document import BROKEN, MAX_DEPTH, Document, Path, dotted, shortened
from gradscope.config.knobs import knob_names
from gradscope.config.objects import from_python
from gradscope.config.suggest import suggest
from gradscope.config.wording import described
from gradscope.errors import Mistake, Place, Problems
from gradscope.numerals import count

_FORMS = "write it like batch.size or layers[0].dense"
_STEP = r"[^.\[\]]+(?:\[[0-9]+\])*"
_KEY = re.compile(rf"{_STEP}(?:\.{_STEP})*")
_DIGITS = re.compile(r"[0-9]{1,9}")


def apply_overrides(
    document: Document, overrides: Mapping[str, Any], top_keys: Iterable[str], problems: Problems
) -> None:
    """Put each value in its place in `document.data`, a mapping; what has no place is noted."""
    for key, value in overrides.items():
        place = Place(f"--set {shortened(str(key), 80)}")
        try:
            path = _locate(document, key, [*top_keys], place)
        except Mistake as mistake:
            problems.add(place, mistake.fact, mistake.hint)
            continue
        if path:
            _put(document, path, value, place, problems)


def _locate(document: Document, key: str, top_keys: list[str], place: Place) -> Path:
    """The path a key means, missing mappings on the way made; () when something on the way is broken anyway.

    Raises:
        Mistake: no config has such a place.
    """
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Mistake("this is neither a knob nor a path", _FORMS)
    knobs = knob_names(document)
    if key in knobs:
        return ("params", key)
    steps = key.replace("]", "").replace("[", ".").split(".")
    if len(steps) > MAX_DEPTH:
        raise Mistake(f"the path is more than {MAX_DEPTH} steps long", "no config is that deep")
    known = {*top_keys, *document.data}
    if steps[0] not in known:
        fact = f"'{shortened(steps[0])}' is neither a knob nor a key of the config"
        raise Mistake(fact, suggest(steps[0], [*knobs, *top_keys]) or _FORMS)
    path: Path = ()
    container: Any = document.data
    for number, text in enumerate(steps):
        step = _step_into(container, text, path)
        path = (*path, step)
        if number + 1 == len(steps):
            return path
        child = _entry(container, step)
        if child is BROKEN:
            return ()
        if child is None:
            child = container[step] = _new_mapping(document, path, steps[number + 1], place)
        container = child
    return path


def _entry(container: Any, step: str | int) -> Any:
    return container.get(step) if isinstance(step, str) else container[step]


def _step_into(container: Any, text: str, path: Path) -> str | int:
    if isinstance(container, dict):
        return text
    where = dotted(path)
    if not isinstance(container, list):
        fact = f"{where} is {described(container)}, with no '{shortened(text)}' in it"
        raise Mistake(fact, f"set all of it: `--set {where}=…`")
    if not _DIGITS.fullmatch(text) or int(text) >= len(container):
        length = len(container)
        hint = f"the last is {where}[{length - 1}]" if length else "set the whole list"
        raise Mistake(f"{where} has {count(length, 'entry', 'entries')}, and no '{shortened(text)}'", hint)
    return int(text)


def _new_mapping(document: Document, path: Path, following: str, place: Place) -> dict[str, Any]:
    if _DIGITS.fullmatch(following):
        raise Mistake(f"there is no {dotted(path)}", "set the whole list")
    document.moved(path, place)
    return {}


def _put(document: Document, path: Path, value: Any, place: Place, problems: Problems) -> None:
    container: Any = document.data
    for step in path[:-1]:
        container = container[step]
    document.moved(path, place)
    container[path[-1]] = from_python(value, path, document, place, problems)
