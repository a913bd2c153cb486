"""Where a report goes: standard output, or a file that is either whole or not there. Alone writes reports."""

import os
import sys

import click

from gradscope.cli.devices import is_device
from gradscope.errors import Place, Problem, UserError, reason_of
from gradscope.render.characters import visible


def write(
    found: str | bytes, path: str | None, *, ansi: bool = False, noun: str = "report", asked_by: str = "-o"
) -> None:
    """Write text as UTF-8, or a picture as it is, to a file, or to standard output when there is none.

    Args:
        found: what is written.
        path: the file, links followed; it keeps its permissions.
        ansi: whether styles may go to standard output.
        noun: what messages call it.
        asked_by: the option that names the file.

    Raises:
        UserError: it cannot be written there.
    """
    try:
        content = found if isinstance(found, bytes) else found.encode("utf-8", "backslashreplace")
        if path is None:
            _print(found, ansi)
        elif is_device(path):
            _write_into(content, path)
        else:
            _replace(content, os.path.realpath(path))
    except OSError as error:
        fact = f"the {noun} cannot be written: {reason_of(error)}"
        place = Place("standard output" if path is None else path)
        raise UserError([Problem(place, fact, f"name another file with {asked_by}")]) from error


def _print(found: str | bytes, ansi: bool) -> None:
    if isinstance(found, str):
        found = _in(sys.stdout.encoding or "utf-8", found)
    try:
        click.echo(found, nl=False, color=ansi)
    except BrokenPipeError:
        # The reader has seen enough, as `head` does. What is still buffered must not fail at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in(encoding: str, text: str) -> str:
    """The text with ASCII in place of what the encoding does not have."""
    lacking = {}
    for char in set(text):
        try:
            char.encode(encoding)
        except UnicodeEncodeError:
            lacking[ord(char)] = visible(char, unicode=False)
    return text.translate(lacking) if lacking else text


def _write_into(content: bytes, path: str) -> None:
    """A device or a pipe takes it; replacing it by a file would destroy it."""
    with open(path, "wb") as stream:
        stream.write(content)


def _replace(content: bytes, path: str) -> None:
    """A file beside it is written first and takes its place at once; nobody ever reads half a report."""
    import tempfile

    handle, beside = tempfile.mkstemp(prefix=".gradscope-", dir=os.path.dirname(path))
    try:
        with open(handle, "wb") as stream:
            stream.write(content)
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
