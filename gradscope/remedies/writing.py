"""Writes changes into the text of a config: comments, order and every untouched line stay as they are.

The only module that knows ruamel.yaml, which keeps comments and order. What it does to the form of other
lines is undone line by line: only lines that differ between its text before and after the changes are taken
from it.
"""

import difflib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from gradscope.remedies.changes import Change, apply

_KNOB = re.compile(r"\$\{(\w+)\}", re.ASCII)
_MASKED = re.compile("\\$\ue000(\\w+)\ue001", re.ASCII)
"""Knobs while ruamel looks at the text: braces would end a plain text in a flow."""

_NESTED = re.compile(
    r"^( *)[^\s#-][^\n]*:[^\S\n]*(?:#[^\n]*)?\n(?:[^\S\n]*(?:#[^\n]*)?\n)*( *)(- )?", re.MULTILINE
)
"""A key with nothing behind it, and the indentation of what comes below."""

MARK = "gradscope fix"


def rewritten(text: str, changes: Iterable[Change]) -> str:
    """The text with the changes, a comment at each."""
    ending = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    masked = _KNOB.sub("$\ue000\\1\ue001", plain)
    yaml = _round_trip(masked)
    before, after = yaml.load(masked), yaml.load(masked)
    apply(after, [_in_flow(change) for change in changes])
    lines = _merged(_lines(masked), _lines(_dumped(yaml, before)), _lines(_dumped(yaml, after)))
    found = _MASKED.sub("${\\1}", "\n".join(lines)).rstrip("\n")
    trailing = len(plain) - len(plain.rstrip("\n"))
    return (found + "\n" * trailing).replace("\n", ending)


def difference(before: str, after: str, name: str) -> list[str]:
    """A unified diff, as lines."""
    old, new = before.splitlines(), after.splitlines()
    return list(difflib.unified_diff(old, new, name, name, lineterm="", n=2))


def _round_trip(text: str) -> YAML:
    mapping, dash = _indentation(text)
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.indent(mapping=mapping, sequence=dash + 2, offset=dash)
    return yaml


def _indentation(text: str) -> tuple[int, int]:
    """Blanks that a mapping and the dash of a list are indented by, where they first are."""
    mappings, dashes = [], []
    for found in _NESTED.finditer(text):
        step = len(found[2]) - len(found[1])
        if found[3] and step >= 0:
            dashes.append(step)
        elif not found[3] and step > 0:
            mappings.append(step)
    return mappings[0] if mappings else 2, dashes[0] if dashes else 2


def _in_flow(change: Change) -> Change:
    """The change with a value that is written on one line; layers that are wrapped keep the form they
    have."""
    return msgspec.structs.replace(change, to=_flow(change.to)) if change.kind != "wrap" else change


def _flow(value: Any) -> Any:
    if isinstance(value, dict):
        mapping = CommentedMap((key, _flow(entry)) for key, entry in value.items())
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        sequence = CommentedSeq(map(_flow, value))
        sequence.fa.set_flow_style()
        return sequence
    return value


def _dumped(yaml: YAML, data: Any) -> str:
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n")


def _merged(original: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The original lines, with those of `after` where it differs from `before`."""
    chunks = list(_chunks(original, before))
    start_of = {chunk.start: (chunk, ours) for chunk, ours in chunks}
    merged: list[str] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for word, i1, i2, j1, j2 in matcher.get_opcodes():
        if word == "equal":
            number = i1
            while number < i2:
                chunk, ours = start_of.get(number, (range(number, number + 1), None))
                if ours is None or chunk.stop > i2:
                    merged.append(before[number])
                    number += 1
                else:
                    merged += [original[line] for line in ours]
                    number = chunk.stop
        else:
            merged += _marked(before[i1:i2], after[j1:j2])
    return merged


def _chunks(original: Sequence[str], before: Sequence[str]) -> Iterator[tuple[range, range]]:
    """Lines of ruamel's text beside those of the original that they stand for."""
    bare, wanted = (["".join(line.split()) for line in lines] for lines in (before, original))
    for _, i1, i2, j1, j2 in difflib.SequenceMatcher(None, bare, wanted, autojunk=False).get_opcodes():
        if i2 - i1 == j2 - j1:
            yield from ((range(i1 + n, i1 + n + 1), range(j1 + n, j1 + n + 1)) for n in range(i2 - i1))
        elif i2 > i1:
            yield range(i1, i2), range(j1, j2)


def _marked(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """The new lines with a comment that says what was there; comments of the user's among the old ones
    stay."""
    lost = [line for line in old if _is_comment(line) and line not in new]
    old = [line for line in old if not _is_comment(line)]
    return [*_lines_with_comment(old, new), *lost]


def _lines_with_comment(old: Sequence[str], new: Sequence[str]) -> list[str]:
    if not new:
        indent = old[0][: len(old[0]) - len(old[0].lstrip())] if old else ""
        return [f"{indent}# {MARK}: removed `{' '.join(map(_without_comment, old))}`"] if old else []
    if len(old) == len(new):
        return [
            _with_comment(line, f"was `{_without_comment(gone)}`")
            for gone, line in zip(old, new, strict=True)
        ]
    first, *rest = new
    return [_with_comment(first, "changed" if old else "new"), *rest]


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _with_comment(line: str, words: str) -> str:
    comment = f"{MARK}: {words}"
    return f"{line}; {comment}" if re.search(r"(^|\s)#", line) else f"{line}  # {comment}"


def _without_comment(line: str) -> str:
    return re.split(r"\s#", line, maxsplit=1)[0].strip().removeprefix("- ")
