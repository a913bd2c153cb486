"""Exceptions in words, on standard error, and the exit code that follows from each."""

import traceback
from collections.abc import Iterator

import click

from gradscope.cli.exits import OUR_FAULT, WRONG_INPUT
from gradscope.errors import UserError
from gradscope.render.characters import visible


def report_failure(error: Exception, *, where: str | None = None, verbose: bool = False) -> int:
    """Say what went wrong with `where`, every problem on a line of its own, and return the exit code."""
    if isinstance(error, UserError):
        _say(str(problem) for problem in error.problems)
        return WRONG_INPUT
    subject = "" if where is None else f"{where}: "
    if isinstance(error, MemoryError):
        reason = str(error) or "no more could be had"
        _say([f"{subject}not enough memory: {reason}; lower `batch.size` or the widths of the layers"])
        return WRONG_INPUT
    if verbose:
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    hint = "please report" if verbose else "please report; --verbose shows the traceback"
    _say([f"internal error: {subject}{type(error).__name__}: {error} ({hint})"])
    return OUR_FAULT


def say_interrupted(finished: int, asked: int) -> None:
    """Say how far a call came before the user stopped it."""
    _say([f"interrupted; {finished} of {asked} configs were finished"])


def _say(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        click.echo(visible(line), err=True)
