"""Edits of a text, collected before any is made: pieces that are replaced, and a comment at each line that
changes. Everything between them stays as it is."""

from collections.abc import Iterable
from typing import NamedTuple

from gradscope.config.document import shortened
from gradscope.remedies.nodes import Marked

MARK = "gradscope fix"

_LONGEST = 72
"""Characters of what was there before that a comment shows."""


class _Splice(NamedTuple):
    start: int
    number: int
    """In the order they came, where several begin at one place."""
    stop: int
    text: str


class Splices:
    """What is to become of a text."""

    def __init__(self, marked: Marked) -> None:
        self._marked = marked
        self._splices: list[_Splice] = []
        self._touched: dict[int, list[str]] = {}
        """Words about each line that changes."""

    def replace(self, start: int, stop: int, text: str) -> None:
        """Put a text of one line in the place of another, with a comment that says what was there."""
        first, last = self._marked.line(start), self._marked.line(stop)
        gone = " ".join(filter(None, (self._marked.code(line) for line in range(first, last + 1))))
        self.add(start, stop, text)
        self.say(stop, f"was `{shortened(gone, _LONGEST)}`")
        self._keep_comments(range(first, last), last)

    def add(self, start: int, stop: int, text: str) -> None:
        """Put a text in the place of another, without a word."""
        self._splices.append(_Splice(start, len(self._splices), stop, text))

    def new_line(self, position: int, indent: int, text: str) -> None:
        """A line of its own behind the one that holds the position."""
        stop = self._marked.stops(self._marked.line(position))
        self.add(stop, stop, f"{self._marked.newline}{' ' * indent}{text}  # {MARK}: new")

    def remove_lines(self, start: int, stop: int, indent: int) -> None:
        """Remove the lines from one position to another; a comment takes their place."""
        first, last = self._marked.line(start), self._marked.line(stop)
        gone = " ".join(filter(None, (self._marked.code(line) for line in range(first, last + 1))))
        words = f"{' ' * indent}# {MARK}: removed `{shortened(gone, _LONGEST)}`"
        self.add(self._marked.starts(first), self._marked.stops(last), words)
        self._keep_comments(range(first, last + 1), last)

    def indent(self, first: int, last: int, by: int) -> None:
        """Move lines to the right."""
        for line in range(first, last + 1):
            start = self._marked.starts(line)
            if self._marked.text[start : self._marked.stops(line)].strip():
                self.add(start, start, " " * by)

    def say(self, position: int, words: str) -> None:
        """A comment at the end of the line that holds the position."""
        said = self._touched.setdefault(self._marked.line(position), [])
        if words not in said:
            said.append(words)

    def result(self) -> str:
        """The text with every edit made."""
        for line, words in self._touched.items():
            self._comment(line, f"{MARK}: {'; '.join(words)}")
        return _spliced(self._marked.text, sorted(self._splices))

    def _comment(self, line: int, words: str) -> None:
        stop = self._marked.stops(line)
        if not self._marked.is_inside(stop):
            end = len(self._marked.text[:stop].rstrip(" \t"))
            behind = "; " if self._marked.comment(line) is not None else "  # "
            # Before lines that were added behind this one.
            self._splices.append(_Splice(end, -1, end, f"{behind}{words}"))
            return
        # A text goes on in the next line; the comment stands above where it begins.
        while line and self._marked.is_inside(self._marked.stops(line - 1)):
            line -= 1
        start = self._marked.starts(line)
        code = self._marked.text[start : self._marked.stops(line)]
        indent = code[: len(code) - len(code.lstrip())]
        self._splices.append(_Splice(start, -1, start, f"{indent}# {words}{self._marked.newline}"))

    def _keep_comments(self, lines: range, behind: int) -> None:
        """The user's comments in lines that go are put on lines of their own behind another."""
        marked = self._marked
        first = marked.text[marked.starts(lines.start) : marked.stops(lines.start)]
        indent = first[: len(first) - len(first.lstrip())]
        for line in lines:
            comment = marked.comment(line)
            if comment is not None:
                words = marked.text[comment : marked.stops(line)]
                self.add(marked.stops(behind), marked.stops(behind), f"{marked.newline}{indent}{words}")


def _spliced(text: str, splices: Iterable[_Splice]) -> str:
    parts, position = [], 0
    for splice in splices:
        parts += [text[position : splice.start], splice.text]
        position = max(position, splice.stop)
    return "".join([*parts, text[position:]])
