"""Styled text before it is painted: lines of spans, their width in cells of the terminal, and wrapping."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells

Span = tuple[str, str]
"""A text and its style in rich's words, such as `bold red`; "" is plain."""
Line = Sequence[Span]


def width(text: str) -> int:
    """The cells the text takes; a wide character takes two."""
    return len(text) if text.isascii() else cell_len(text)


def padded(text: str, cells: int, *, right: bool = False) -> str:
    """The text filled up with blanks to that many cells, on the left of a `right`-aligned one."""
    blanks = " " * (cells - width(text))
    return blanks + text if right else text + blanks


def folded(text: str, cells: int) -> list[str]:
    """The text in pieces of at most that many cells, at least one."""
    return chop_cells(text, cells) if width(text) > cells else [text]


def wrapped(text: str, cells: int) -> list[str]:
    """The words of the text on lines of at most that many cells; a longer word is cut."""
    return list(_lines(text.split(), cells))


def hanging(mark: Span, text: str, style: str, cells: int) -> Iterator[Line]:
    """The text behind a mark, wrapped so that its further lines begin below its first word."""
    indent = width(mark[0])
    for number, line in enumerate(wrapped(text, cells - indent)):
        yield (mark if number == 0 else (" " * indent, ""), (line, style))


def _lines(words: Sequence[str], cells: int) -> Iterator[str]:
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if width(longer) <= cells:
            line = longer
            continue
        if line:
            yield line
        *whole, line = folded(word, cells)
        yield from whole
    if line:
        yield line
