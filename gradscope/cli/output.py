"""Where a report goes: standard output, or a file that is either whole or not there. Alone writes reports."""

import os
import sys
import tempfile

import click

from gradscope.errors import Place, Problem, UserError


def write(
    text: str, path: str | None, *, ansi: bool = False, noun: str = "report", asked_by: str = "-o"
) -> None:
    """Write the text as UTF-8 to a file, or to standard output when there is none.

    Args:
        text: what is written.
        path: the file, links followed; it keeps its permissions.
        ansi: whether styles may go to standard output.
        noun: what messages call the text.
        asked_by: the option that names the file.

    Raises:
        UserError: it cannot be written there.
    """
    try:
        if path is None:
            _print(text, ansi)
        elif os.path.exists(path) and not os.path.isfile(path):
            _write_into(text, path)
        else:
            _replace(text, os.path.realpath(path))
    except OSError as error:
        fact = f"the {noun} cannot be written: {error.strerror or error}"
        place = Place("standard output" if path is None else path)
        raise UserError([Problem(place, fact, f"name another file with {asked_by}")]) from error


def _print(text: str, ansi: bool) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    showable = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        click.echo(showable, nl=False, color=ansi)
    except BrokenPipeError:
        # The reader has seen enough, as `head` does. What is still buffered must not fail at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_into(text: str, path: str) -> None:
    """A device or a pipe takes the text; replacing it by a file would destroy it."""
    with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
        stream.write(text)


def _replace(text: str, path: str) -> None:
    """A file beside it is written first and takes its place at once; nobody ever reads half a report."""
    handle, beside = tempfile.mkstemp(prefix=".gradscope-", dir=os.path.dirname(path))
    try:
        with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(text)
        os.chmod(beside, _mode(path))
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _mode(path: str) -> int:
    """The permissions the file has, or a new one would get."""
    if os.path.exists(path):
        return os.stat(path).st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
