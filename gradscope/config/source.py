"""YAML text to plain data with the place of every part, under limits. Alone knows PyYAML, and no schema.

The events of PyYAML are walked here, because its C composer crashes on deep nesting, its constructors read
YAML 1.1 (`no` is false, `1e-3` a text), and the last of two equal keys wins without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from gradscope.config.comments import suppressed_lines
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
from gradscope.config.files import decode, is_readable, read_bytes
from gradscope.config.scalars import clean, resolve
from gradscope.errors import ConfigError, Mistake, Place, Problems

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where PyYAML was compiled with it."""

_TAG_DIRECTIVE = re.compile("(?:^|[\n\r\x85\u2028\u2029])\ufeff?%TAG")
"""Refused before parsing: libyaml compares each one with all before it."""

_KNOB = re.compile(r"\$\{(\w+)\}", re.ASCII)
_MASKED_KNOB = re.compile("\\$\ue000(\\w+)\ue001", re.ASCII)
"""`${name}` while the parser looks at it. Braces end a plain scalar inside `[ ]` and `{ }`, these two
characters of the private use area do not, and every column stays what it was."""

_SYNTAX_HINTS: tuple[tuple[str, str], ...] = (
    ("mapping values are not allowed", "check the indentation; a text with ': ' in it needs quotes"),
    ("cannot start any token", "a text that begins with @, ` or % needs quotes"),
    ("could not find expected ':'", "write `key: value`, or `- ` before an entry of a list"),
    ("expected ',' or ']'", "close the list with ]"),
    ("expected ',' or '}'", "close the mapping with }"),
    ("expected key", "check the indentation of this line"),
    ("expected '-' indicator", "check the indentation; every entry of a list begins with `- `"),
    ("unexpected end of stream", "close the quotes"),
    ("incompatible YAML document", "write YAML 1.2, or remove the %YAML line"),
)

_YAML_TAG = "tag:yaml.org,2002:"

_NOUNS: dict[type, str] = {dict: "a mapping", list: "a list", type(None): "nothing"}


def read_source(source: str, problems: Problems, text: str | bytes | None = None) -> Document | None:
    """Read a YAML file, or the `text` that came from `source`; None when it is not YAML; see the problems."""
    content = read_bytes(source, problems) if text is None else text
    if isinstance(content, bytes):
        content = decode(content, source, problems)
    return None if content is None else parse(content, source, problems)


def parse(text: str, source: str, problems: Problems) -> Document | None:
    """Read one YAML document; None when that is impossible, with the reasons noted."""
    if not is_readable(text, source, problems):
        return None
    if directive := _TAG_DIRECTIVE.search(text):
        line = text.count("\n", 0, directive.end()) + 1
        hint = "remove the line; tags are not needed"
        problems.add(Place(source, line), "%TAG directives are not supported", hint)
        return None
    document = Document(source)
    document.suppressed = suppressed_lines(text)
    events = yaml.parse(_KNOB.sub("$\ue000\\1\ue001", text), Loader=_LOADER)
    try:
        document.data = _Composer(document, problems, events).document()
    except UnreadableError:
        return None
    except yaml.YAMLError as error:
        _report_syntax(error, text, source, problems)
        return None
    return document


def parse_value(text: str, source: str = "--set") -> Any:
    """The plain data that one YAML value stands for, as in `--set KEY=VALUE`.

    Raises:
        ConfigError: it is not YAML, or nothing a config may hold; all reasons at once.
    """
    problems = Problems()
    document = parse(text, source, problems) if text.strip() else Document(source)
    # A line and column within an option would be read as those of a file.
    outside = Problems()
    for problem in problems.found:
        outside.add(Place(source), problem.fact, problem.hint)
    if document is None or outside.found:
        raise ConfigError(outside.found)
    return document.data


def _report_syntax(error: yaml.YAMLError, text: str, source: str, problems: Problems) -> None:
    fact = getattr(error, "problem", None) or "this cannot be read"
    mark = getattr(error, "problem_mark", None)
    if "unexpected end of stream" in fact:
        mark = getattr(error, "context_mark", None) or mark
    context = getattr(error, "context", None)
    place = Place(source) if mark is None else Place(source, mark.line + 1, mark.column + 1)
    line = "" if mark is None else "".join(text.splitlines()[mark.line : mark.line + 1])
    words = f"not valid YAML: {fact}{f' {context}' if context else ''}"
    problems.add(place, words, _syntax_hint(fact, line, place))


def _syntax_hint(fact: str, line: str, place: Place) -> str:
    if line[(place.column or 1) - 1 :].startswith("\t"):
        return "indent with spaces, not tabs"
    if "${" in _KNOB.sub("", line):
        return "a knob is written ${name}"
    return next(
        (hint for words, hint in _SYNTAX_HINTS if words in fact), "check indentation, quotes and brackets"
    )


class _Composer:
    """Events to plain data: collects what is wrong, stops where going on makes no sense."""

    def __init__(self, document: Document, problems: Problems, events: Iterator[Any]) -> None:
        self._document = document
        self._problems = problems
        self._events = events
        self._nodes = 0

    def document(self) -> Any:
        """The data of the only document of the stream; None when there is none."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        data = self._node(next(self._events), ())
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            fact = "a second document begins here"
            self._report(after, fact, "keep one config in a file; remove the `---`")
        return data

    def _place(self, event: Any) -> Place:
        return Place(self._document.source, event.start_mark.line + 1, event.start_mark.column + 1)

    def _report(self, event: Any, fact: str, hint: str) -> None:
        self._problems.add(self._place(event), fact, hint)

    def _node(self, event: Any, path: Path) -> Any:
        self._guard(event, path)
        self._document.values[path] = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            fact = f"aliases like *{shortened(str(event.anchor))} are not supported"
            self._report(event, fact, "write the value out")
            return BROKEN
        if event.anchor is not None:
            fact = f"anchors like &{shortened(event.anchor)} are not supported"
            self._report(event, fact, "remove it, or use a knob under `params:`")
        if event.tag is not None:
            tag = shortened(event.tag.replace(_YAML_TAG, "!!"))
            self._report(event, f"tags like {tag} are not supported", "remove it")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        return self._sequence(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)

    def _guard(self, event: Any, path: Path) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._report(event, f"more than {MAX_NODES:,} values", "repeat layers with `repeat: N`")
            raise UnreadableError
        if len(path) > MAX_DEPTH:
            fact = f"nested more than {MAX_DEPTH} levels deep"
            self._report(event, fact, "flatten it; check brackets and indentation")
            raise UnreadableError

    def _scalar(self, event: Any, path: Path) -> Any:
        if event.tag is not None:
            return BROKEN
        try:
            text = clean(_MASKED_KNOB.sub(r"${\1}", event.value))
            if not event.implicit[0]:
                return text
            self._document.plain.add(path)
            return resolve(text)
        except Mistake as mistake:
            where = dotted(path)
            fact = f"{where}: {mistake.fact}" if where else mistake.fact
            self._problems.add(self._place(event), fact, mistake.hint)
            return BROKEN

    def _sequence(self, path: Path) -> list[Any]:
        entries: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            entries.append(self._node(event, (*path, len(entries))))
        return entries

    def _mapping(self, path: Path) -> Any:
        """A dict, or BROKEN when none of its keys can be used."""
        entries: dict[str, Any] = {}
        broken = False
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path)
            entry = (*path, key)
            if key is not BROKEN and key not in entries:
                self._document.keys[entry] = self._place(event)
                entries[key] = self._node(next(self._events), entry)
                continue
            broken = broken or key is BROKEN
            if key is not BROKEN:
                hint = f"the first is in line {self._document.keys[entry].line}"
                self._report(event, f"the key '{shortened(key)}' is given twice", hint)
            self._node(next(self._events), (*path, KEY))
        return BROKEN if broken and not entries else entries

    def _key(self, event: Any, path: Path) -> Any:
        """The text of a key, or BROKEN."""
        key = self._node(event, (*path, KEY))
        if key is not BROKEN and not isinstance(key, str):
            noun = _NOUNS.get(type(key)) or shortened(event.value)
            self._report(event, f"a key must be a text, not {noun}", "put it in quotes")
            return BROKEN
        return key
