"""A YAML text with the place of everything in it: nodes by path, the lines, which of them comments end.

The only module that knows ruamel.yaml, whose nodes say where they begin and end.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from gradscope.config.document import Path
from gradscope.errors import Mistake

_KNOB = re.compile(r"\$\{(\w+)\}", re.ASCII)
_MASKED = re.compile("\\$\ue000(\\w+)\ue001", re.ASCII)
"""Knobs while ruamel looks at the text, of the same length: braces would end a plain text in a flow."""

_LINE_END = re.compile("\r\n|\r|\n")

Node = Any
"""One of ruamel's nodes; it has no types of its own."""


class Marked:
    """One text and its nodes. Positions are those of characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        ends = [(found.start(), found.end()) for found in _LINE_END.finditer(text)]
        self.newline = text[slice(*ends[0])] if ends else "\n"
        self._starts = [0, *(end for _, end in ends)]
        self._stops = [*(start for start, _ in ends), len(text)]
        # Every character keeps its position; ruamel takes no tab before a comment.
        masked = _KNOB.sub("$\ue000\\1\ue001", text).replace("\t", " ")
        try:
            self.root = YAML(typ="safe", pure=True).compose(masked)
        except YAMLError as error:
            raise Mistake(
                "its YAML is of a kind that cannot be written back", "write it in plainer YAML"
            ) from error
        self._scalars = sorted(_scalars(self.root))

    def node(self, path: Path) -> Node:
        """What stands at a path; None where nothing does."""
        node = self.root
        for step in path:
            entry = self.entry(node, step)
            if entry is None:
                return None
            node = entry[1]
        return node

    def entry(self, node: Node, step: str | int) -> tuple[Node, Node] | None:
        """Key and value of a mapping's entry; of a list's, the value twice."""
        if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            return node.value[step], node.value[step]
        if isinstance(node, MappingNode):
            for key, value in node.value:
                if _MASKED.sub(r"${\1}", key.value) == step:
                    return key, value
        return None

    def span(self, node: Node) -> tuple[int, int]:
        """Where a node begins, a list at its first dash, and where the last that is written of it ends."""
        start = node.start_mark.index
        if isinstance(node, ScalarNode):
            stop = node.end_mark.index
            return start, start + len(self.text[start:stop].rstrip()) if node.style in ("|", ">") else stop
        if node.flow_style and self.text[start] in "[{":
            return start, node.end_mark.index
        if isinstance(node, SequenceNode):
            return start, self.span(node.value[-1])[1]
        key, value = node.value[-1]
        stop = self.span(value)[1]
        # An entry with nothing behind its key ends with the colon.
        return start, stop if self.text[value.start_mark.index : stop] else self.colon(key)

    def colon(self, key: Node) -> int:
        """Just behind the colon of a key."""
        end: int = key.end_mark.index
        return self.text.index(":", end) + 1

    def dash(self, sequence: Node, number: int) -> int:
        """Where the dash of an entry of a block list stands."""
        column: int = sequence.start_mark.column
        line = self.line(sequence.value[number].start_mark.index)
        while self.text[self._starts[line] + column : self._starts[line] + column + 1] != "-":
            line -= 1
        return self._starts[line] + column

    def line(self, position: int) -> int:
        """Number of the line, from 0."""
        return bisect_right(self._starts, position) - 1

    def starts(self, line: int) -> int:
        """Where a line begins."""
        return self._starts[line]

    def stops(self, line: int) -> int:
        """Where a line ends, in front of its line end."""
        return self._stops[line]

    def is_inside(self, position: int) -> bool:
        """Whether a position lies within a text that goes on behind it, where no comment may stand."""
        number = bisect_right(self._scalars, (position, -1)) - 1
        return number >= 0 and self._scalars[number][0] < position < self._scalars[number][1]

    def comment(self, line: int) -> int | None:
        """Where the comment of a line begins; None where it has none."""
        for position in range(self._starts[line], self._stops[line]):
            if self.text[position] != "#" or self.is_inside(position) or self._is_start(position):
                continue
            if position == self._starts[line] or self.text[position - 1] in " \t":
                return position
        return None

    def code(self, line: int) -> str:
        """What a line holds besides its comment, and the dash before it."""
        comment = self.comment(line)
        stop = self._stops[line] if comment is None else comment
        return self.text[self._starts[line] : stop].strip().removeprefix("- ").lstrip()

    def _is_start(self, position: int) -> bool:
        number = bisect_right(self._scalars, (position, -1))
        return number < len(self._scalars) and self._scalars[number][0] == position


def _scalars(node: Node) -> Iterator[tuple[int, int]]:
    if isinstance(node, ScalarNode):
        yield node.start_mark.index, node.end_mark.index
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            yield from (*_scalars(key), *_scalars(value))
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _scalars(value)
