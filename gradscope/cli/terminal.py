"""What the reader's end can show: asked here once, of the environment and the streams, and nowhere below."""

import os
import sys
from typing import TextIO

from gradscope.render.characters import SYMBOLS
from gradscope.render.options import RenderOptions

FILE_WIDTH = 80
"""Columns of a report that goes to a file, whatever the terminal has."""

DEFAULT_LINES = 24
NARROWEST, WIDEST = 20, 10_000
"""Columns that reports are laid out for, whatever COLUMNS says."""


def render_options(
    *, to_file: bool, all_layers: bool = False, full: bool = False, quiet: bool = False, verbose: bool = False
) -> RenderOptions:
    """The options for a report on standard output, or in a file, which is UTF-8 without escape sequences."""
    return RenderOptions(
        width=_width(to_file, sys.__stdout__),
        ansi=not to_file and _takes_styles(sys.stdout),
        color=not os.environ.get("NO_COLOR"),
        unicode=to_file or takes_symbols(sys.stdout),
        all_layers=all_layers,
        full=full,
        quiet=quiet,
        verbose=verbose,
    )


def progress_options() -> RenderOptions:
    """The options for what is drawn on standard error, a terminal."""
    return RenderOptions(
        width=_width(False, sys.__stderr__),
        ansi=_takes_styles(sys.stderr),
        color=not os.environ.get("NO_COLOR"),
        unicode=takes_symbols(sys.stderr),
    )


def progress_lines() -> int:
    """Lines of that terminal."""
    size = _size(sys.__stderr__)
    return size.lines if size and size.lines else DEFAULT_LINES


def shows_progress(quiet: bool) -> bool:
    """Whether somebody is looking at standard error."""
    return not quiet and sys.stderr.isatty() and not _is_dumb()


def _width(to_file: bool, stream: TextIO | None) -> int:
    columns = os.environ.get("COLUMNS", "")[:9]  # more digits say no more
    if columns.isdecimal() and int(columns):
        found = int(columns)
    else:
        size = None if to_file else _size(stream)
        found = (size and size.columns) or FILE_WIDTH
    return min(max(found, NARROWEST), WIDEST)


def _size(stream: TextIO | None) -> os.terminal_size | None:
    """Of the terminal at the end of a stream, if there is one."""
    # That of `shutil` asks the same, but takes 3 ms to import.
    try:
        return os.get_terminal_size(stream.fileno()) if stream else None
    except (ValueError, OSError):  # closed, or no terminal
        return None


def _takes_styles(stream: TextIO) -> bool:
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and not _is_dumb())


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in ("dumb", "unknown")


def takes_symbols(stream: TextIO) -> bool:
    """Whether all that tables and messages are drawn with can be written there."""
    try:
        "".join(SYMBOLS).encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
