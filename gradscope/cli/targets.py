"""The files that a call would write: none of them may be one that it reads, and no two the same."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import click

from gradscope.cli.devices import is_device
from gradscope.cli.options import Copy

_READ = ("baseline", "summary")
"""Options that name a file to be read; arguments do all of them."""
_WRITTEN = {
    "output": "-o",
    "copies": "--report",
    "exports": "--export",
    "write_baseline": "--write-baseline",
}
"""Parameters that name files to be written, and what they are called on the command line."""
_IS_READ = "it is read"


def check_targets(ctx: click.Context) -> None:
    """Refuse a call that would lose a config, data, or a report of its own, as far as its own words tell.

    Raises:
        UsageError: a file would be written over.
    """
    taken = {os.path.realpath(path): _IS_READ for path in _sources(ctx)}
    for option, path in _targets(ctx):
        place = os.path.realpath(path)
        if place in taken:
            raise _refusal(ctx, option, path, f"{taken[place]} by this very call")
        if os.path.isfile(place) and _is_data(place):
            raise _refusal(ctx, option, path, "it holds arrays of NumPy")
        taken[place] = f"{option} writes it"


def check_read(paths: Iterable[str]) -> None:
    """Refuse the call when it would write over one of these, which it reads besides what it names.

    Raises:
        UsageError: a file would be written over.
    """
    ctx = click.get_current_context()
    targets = [(os.path.realpath(path), option, path) for option, path in _targets(ctx)]
    read = {os.path.realpath(path) for path in paths} if targets else set()
    for place, option, path in targets:
        if place in read:
            raise _refusal(ctx, option, path, f"{_IS_READ} by this very call")


def _is_data(path: str) -> bool:
    """Whether it may be data that a config names: no report begins as these do."""
    from gradscope.engine.batch_files import holds_arrays

    return holds_arrays(path)


def _refusal(ctx: click.Context, option: str, path: str, reason: str) -> click.UsageError:
    return click.UsageError(f"{option} would write over {path}: {reason}; name another file", ctx)


def _targets(ctx: click.Context) -> Iterator[tuple[str, str]]:
    for name, option in _WRITTEN.items():
        for value in _each(ctx.params.get(name)):
            path = value.path if isinstance(value, Copy) else value
            if path is not None and not is_device(path):
                yield option, path


def _sources(ctx: click.Context) -> Iterator[str]:
    names = [own.name for own in ctx.command.params if isinstance(own, click.Argument)]
    for name in (*names, *_READ):
        for path in _each(ctx.params.get(name or "")):
            if isinstance(path, str) and os.path.isfile(path):
                yield path


def _each(value: Any) -> tuple[Any, ...]:
    """The values of a parameter, which may be repeatable."""
    return value if isinstance(value, tuple) else (value,)
