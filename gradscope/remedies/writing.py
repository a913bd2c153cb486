"""Writes changes into the text of a config: comments, order and every untouched line stay as they are."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gradscope.errors import Mistake
from gradscope.remedies.changes import Change, in_order
from gradscope.remedies.nodes import Marked, Node
from gradscope.remedies.splices import MARK, Splices

_PLAIN = re.compile(r"[A-Za-z_][\w /-]*")
_SPECIAL = frozenset({"true", "false", "null", "y", "n", "yes", "no", "on", "off"})
"""Texts that some reader of YAML takes for something else."""


def rewritten(text: str, steps: Iterable[Sequence[Change]]) -> str:
    """The text with the changes of each step, a comment at each. Later paths are those behind earlier steps.

    Raises:
        Mistake: the text has no such place, or it cannot be changed line by line.
    """
    for changes in steps:
        text = _with_changes(text, changes)
    return text


def difference(before: str, after: str, name: str) -> list[str]:
    """A unified diff, as lines."""
    old, new = before.splitlines(), after.splitlines()
    import difflib

    return list(difflib.unified_diff(old, new, name, name, lineterm="", n=2))


def flow(value: Any) -> str:
    """Plain data in the flow style of YAML, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _SPECIAL:
        return value
    return json.dumps(value, ensure_ascii=False)


def _with_changes(text: str, changes: Iterable[Change]) -> str:
    marked = Marked(text)
    splices = Splices(marked)
    for change in in_order(changes):
        around = marked.node(change.path[:-1])
        if around is None:
            _set_with_parents(marked, splices, change)
        else:
            _WRITERS[change.kind](marked, splices, around, change)
    return splices.result()


def _set_with_parents(marked: Marked, splices: Splices, change: Change) -> None:
    """A value below keys that are not there yet."""
    path, to = change.path, change.to
    while marked.node(path[:-1]) is None:
        path, to = path[:-1], {path[-1]: to}
    _set(marked, splices, marked.node(path[:-1]), Change("set", path, to))


def _set(marked: Marked, splices: Splices, around: Node, change: Change) -> None:
    found = marked.entry(around, change.path[-1])
    if found is None:
        _add_key(marked, splices, around, str(change.path[-1]), change.to)
        return
    key, value = found
    start, stop = marked.span(value)
    if key is not value and (start == stop or not _is_inline(value)):
        splices.replace(marked.colon(key), max(stop, marked.colon(key)), f" {flow(change.to)}")
    else:
        splices.replace(start, stop, flow(change.to))


def _add_key(marked: Marked, splices: Splices, mapping: Node, key: str, to: Any) -> None:
    """A new key: what holds for layers stands above them, anything else at the end."""
    entry = f"{key}: {flow(to)}"
    keys = [name.value for name, _ in mapping.value]
    number = keys.index("layers") if "layers" in keys else len(keys)
    if mapping.flow_style:
        start, stop = marked.span(mapping)
        before = marked.span(mapping.value[-1][1])[1] if keys else start + 1
        splices.add(before, before, f", {entry}" if keys else entry)
        splices.say(stop, f"added `{entry}`")
        return
    indent = mapping.value[0][0].start_mark.column
    if number:
        before = max(marked.span(mapping.value[number - 1][1])[1], marked.colon(mapping.value[number - 1][0]))
        splices.new_line(before, indent, entry)
    else:
        start = mapping.value[0][0].start_mark.index
        splices.add(start, start, f"{entry}  # {MARK}: new{marked.newline}{' ' * indent}")


def _insert(marked: Marked, splices: Splices, around: Node, change: Change) -> None:
    number = int(change.path[-1])
    entries = around.value
    if around.flow_style:
        last = number == len(entries)
        place = marked.span(entries[-1])[1] if last else marked.span(entries[number])[0]
        splices.add(place, place, f", {flow(change.to)}" if last else f"{flow(change.to)}, ")
        splices.say(place, f"inserted `{flow(change.to)}`")
    elif number:
        splices.new_line(
            marked.span(entries[number - 1])[1], around.start_mark.column, f"- {_entry(change.to)}"
        )
    else:
        place, indent = marked.dash(around, 0), " " * around.start_mark.column
        splices.add(place, place, f"- {_entry(change.to)}  # {MARK}: new{marked.newline}{indent}")


def _entry(value: Any) -> str:
    """An entry of a block list; a mapping of one key needs no braces."""
    return flow(value)[1:-1] if isinstance(value, dict) and len(value) == 1 else flow(value)


def _remove(marked: Marked, splices: Splices, around: Node, change: Change) -> None:
    key, value = _found(marked, around, change)
    start, stop = marked.span(key)[0], marked.span(value)[1]
    if key is not value:
        stop = max(stop, marked.colon(key))
    if around.flow_style:
        _remove_from_flow(marked, splices, around, start, stop)
        return
    if key is value:
        start = marked.dash(around, int(change.path[-1]))
    line = marked.line(start)
    if marked.text[marked.starts(line) : start].strip():
        raise Mistake("the line holds more than what is to be removed")
    splices.remove_lines(start, stop, start - marked.starts(line))


def _remove_from_flow(marked: Marked, splices: Splices, around: Node, start: int, stop: int) -> None:
    gone = marked.text[start:stop]
    entries = [entry if isinstance(entry, tuple) else (entry, entry) for entry in around.value]
    behind = next((marked.span(key)[0] for key, _ in entries if marked.span(key)[0] > start), None)
    before = [marked.span(value)[1] for key, value in entries if marked.span(key)[0] < start]
    if behind is not None:
        splices.add(start, behind, "")
    else:
        splices.add(before[-1] if before else start, stop, "")
    splices.say(stop, f"removed `{' '.join(gone.split())}`")


def _rename(marked: Marked, splices: Splices, around: Node, change: Change) -> None:
    key, _ = _found(marked, around, change)
    start, stop = marked.span(key)
    splices.replace(start, stop, change.to)


def _wrap(marked: Marked, splices: Splices, around: Node, change: Change) -> None:
    """A main value becomes one of several options: `dense: 8` is `dense: {units: 8, bias: false}` then."""
    key, value = _found(marked, around, change)
    start, stop = marked.span(value)
    others = "".join(f", {name}: {flow(to)}" for name, to in change.to.items())
    if _is_inline(value):
        splices.replace(start, stop, f"{{{change.key}: {_source(marked, value)}{others}}}")
        return
    # A list may stand as far left as the key it belongs to, so that its lines need not move.
    column, least = value.start_mark.column, key.start_mark.column + 2
    indent = max(column, least)
    lines = [*(f"{name}: {flow(to)}" for name, to in change.to.items()), f"{change.key}:"]
    _above_list(marked, splices, value, [(indent, line) for line in lines], indent - column)


def _enclose(marked: Marked, splices: Splices, around: Node, change: Change) -> None:
    """A list of layers becomes a list of one container that holds them."""
    value = _found(marked, around, change)[1]
    start, stop = marked.span(value)
    others = "".join(f"{name}: {flow(to)}, " for name, to in change.to.items())
    if _is_inline(value):
        inner = f"{{{change.key}: {{{others}layers: {_source(marked, value)}}}}}"
        splices.replace(start, stop, f"[{inner}]")
        return
    column = value.start_mark.column
    lines = [(column, f"- {change.key}:")]
    lines += [(column + 4, f"{name}: {flow(to)}") for name, to in change.to.items()]
    _above_list(marked, splices, value, [*lines, (column + 4, "layers:")], 4)


def _above_list(
    marked: Marked, splices: Splices, value: Node, lines: Iterable[tuple[int, str]], shift: int
) -> None:
    """New lines above the first dash of a block list, and the list moved to the right."""
    first = marked.line(marked.dash(value, 0))
    start = marked.starts(first)
    for indent, line in lines:
        splices.add(start, start, f"{' ' * indent}{line}  # {MARK}: new{marked.newline}")
    if shift:
        splices.indent(first, marked.line(marked.span(value)[1]), shift)


def _is_inline(node: Node) -> bool:
    """Whether it is written within a line: a block would need lines of its own."""
    is_text = not isinstance(node.value, list)
    return node.style not in ("|", ">") if is_text else bool(node.flow_style)


def _source(marked: Marked, node: Node) -> str:
    """A value as it stands; a knob is quoted, as braces would end it for other readers of YAML."""
    start, stop = marked.span(node)
    text = marked.text[start:stop]
    is_knob = not isinstance(node.value, list) and node.style is None and "${" in text
    return f'"{text}"' if is_knob else text


def _found(marked: Marked, around: Node, change: Change) -> tuple[Node, Node]:
    found = marked.entry(around, change.path[-1])
    if found is None:
        raise Mistake("there is no such place in the text")
    return found


Writer = Callable[[Marked, Splices, Node, Change], None]

_WRITERS: dict[str, Writer] = {
    "set": _set,
    "insert": _insert,
    "remove": _remove,
    "rename": _rename,
    "wrap": _wrap,
    "enclose": _enclose,
}
