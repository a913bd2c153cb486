"""The files that a call would write: none of them may be one that it reads, and no two the same."""

import os
from collections.abc import Iterator

import click

from gradscope.cli.devices import is_device

_READ = ("baseline",)
"""Options that name a file to be read; arguments do all of them."""
_WRITTEN = {"output": "-o", "copies": "--report", "write_baseline": "--write-baseline"}
"""Parameters that name files to be written, and what they are called on the command line."""


def check_targets(ctx: click.Context) -> None:
    """Refuse a call that would lose a config or a report of its own.

    Raises:
        UsageError: a file would be written over.
    """
    written = [(option, path) for option, path in _targets(ctx) if not is_device(path)]
    if not written:
        return
    taken = {os.path.realpath(path): "it is read" for path in _sources(ctx)}
    for option, path in written:
        place = os.path.realpath(path)
        if place in taken:
            fact = f"{option} would write over {path}: {taken[place]} by this very call; name another file"
            raise click.UsageError(fact, ctx)
        taken[place] = f"{option} writes it"


def _targets(ctx: click.Context) -> Iterator[tuple[str, str]]:
    for name, option in _WRITTEN.items():
        value = ctx.params.get(name)
        paths = [copy.path for copy in value] if isinstance(value, tuple) else [value]
        yield from ((option, path) for path in paths if path is not None)


def _sources(ctx: click.Context) -> Iterator[str]:
    names = [own.name for own in ctx.command.params if isinstance(own, click.Argument)]
    for name in (*names, *_READ):
        value = ctx.params.get(name or "")
        for path in value if isinstance(value, tuple) else (value,):
            if isinstance(path, str) and os.path.isfile(path):
                yield path
