"""Exceptions in words, on standard error, and the exit code that follows from each."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from gradscope.cli.exits import OUR_FAULT, WRONG_INPUT
from gradscope.errors import Mistake, Place, Problem, UserError
from gradscope.numerals import count
from gradscope.render.characters import visible

if TYPE_CHECKING:
    from gradscope.render.outcome import Failure


def failure_of(error: Exception, source: str, *, verbose: bool) -> Failure:
    """What went wrong with a config; the traceback of an internal error is shown at once, where asked for."""
    from gradscope.render.outcome import Failure

    if isinstance(error, UserError):
        return Failure(source, error.problems)
    if words := _circumstance(error):
        return Failure(source, (Problem(Place(source), *words),))
    return Failure(source, (Problem(Place(source), *_our_fault(error, verbose)),), is_internal=True)


def failure_code(failure: Failure) -> int:
    """The exit code that follows."""
    return OUR_FAULT if failure.is_internal else WRONG_INPUT


@contextmanager
def refusing(ctx: click.Context | None = None, parameter: click.Parameter | None = None) -> Iterator[None]:
    """A mistake in what the command line says, of a parameter or of several together, is a usage error."""
    try:
        yield
    except Mistake as mistake:
        words = f"{mistake.fact}; {mistake.hint}"
        if parameter is None:
            raise click.UsageError(words, ctx) from mistake
        raise click.BadParameter(words, ctx, parameter) from mistake


def say_failure(failure: Failure) -> None:
    """Every problem on a line of its own."""
    _say(str(problem) for problem in failure.problems)


def report_failure(error: Exception, *, verbose: bool = False) -> int:
    """Say what ended a command, every problem on a line of its own, and return the exit code."""
    if isinstance(error, UserError):
        _say(str(problem) for problem in error.problems)
        return WRONG_INPUT
    if words := _circumstance(error):
        _say(["; ".join(words)])
        return WRONG_INPUT
    fact, hint = _our_fault(error, verbose)
    _say([f"{fact}; {hint}"])
    return OUR_FAULT


def say_interrupted(finished: int, asked: int) -> None:
    """Say how far a call came before the user stopped it."""
    _say([f"interrupted; {finished} of {count(asked, 'config')} finished"])


def say(line: str) -> None:
    """A line on standard error."""
    _say([line])


@contextmanager
def heard_or_not() -> Iterator[None]:
    """Where standard error takes nothing any more, nobody is left to be told: that fails no call."""
    try:
        yield
    except OSError:
        # What is still buffered must not fail at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _circumstance(error: Exception) -> tuple[str, str] | None:
    """What it is of the machine that ended a call, and what to do; None for an error of ours."""
    if isinstance(error, MemoryError):
        fact = f"not enough memory: {str(error) or 'no more could be had'}"
        return fact, "lower `batch.size` or the widths of the layers, or hold less with --memory"
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        return "the working directory does not exist any more", "change to one that does"
    return None


def _is_nowhere() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _our_fault(error: Exception, verbose: bool) -> tuple[str, str]:
    if verbose:
        import traceback

        with heard_or_not():
            click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    hint = "please report it" if verbose else "please report it; --verbose shows the traceback"
    return f"internal error: {type(error).__name__}: {error}", hint


def _say(lines: Iterable[str]) -> None:
    from gradscope.cli.terminal import takes_symbols

    unicode = takes_symbols(sys.stderr)
    with heard_or_not():
        for line in lines:
            click.echo(visible(line, unicode=unicode), err=True)
