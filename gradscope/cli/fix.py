"""`gradscope fix`: the smallest change that makes a config pass."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gradscope.cli.asked import Asked, Looks, look_options, measuring_options, read_settings
from gradscope.cli.commands import GuardedCommand
from gradscope.cli.exits import FINDINGS
from gradscope.cli.failures import say
from gradscope.cli.options import format_option, option, output_option, quiet_option, verbose_option
from gradscope.cli.output import write
from gradscope.cli.reporting import show
from gradscope.cli.standard_input import STDIN, named
from gradscope.errors import Place, Problem, UserError

if TYPE_CHECKING:
    from gradscope.remedies.fixing import Found, Source
    from gradscope.remedies.search import Attempt

FORMATS = ("table", "json", "csv", "markdown")


@click.command(cls=GuardedCommand)
@click.argument("config")
@option("--write", "target", metavar="FILE", help="Write the new config there; comments and order stay.")
@click.option("--in-place", is_flag=True, help="Write the new config over the old one.")
@format_option(FORMATS)
@output_option
@measuring_options()
@look_options(
    quiet=quiet_option("The outcome alone"), verbose=verbose_option("Name the source of what helped")
)
def fix(
    *,
    config: str,
    target: str | None,
    in_place: bool,
    form: str,
    output: str | None,
    asked: Asked,
    looks: Looks,
) -> None:
    """Find the smallest change that makes a config pass, and write it.

    Every change is measured with all trials. Nothing is written without --write or --in-place. Exits with 1
    when nothing helps.

    \b
    Examples:
      gradscope fix configs/deep_sigmoid.yaml
      gradscope fix configs/xavier_relu_30.yaml --write better.yaml
      gradscope fix net.yaml --in-place
    """
    from gradscope.remedies.fixing import Source, read_file
    from gradscope.render.fix import RENDERERS, Fixed

    where = _target(config, target, in_place, output)
    name, text = named(config)
    source = read_file(name) if text is None else Source(name, text)
    found = _found(source, asked, quiet=looks.quiet)
    failure = _write(found, where)
    written = where if found.text is not None and failure is None else None
    given = tuple(f"{key}={text}" for key, text in asked.settings.items())
    shown = Fixed(found.fix, found.diff, written, given)
    show(lambda options: RENDERERS[form](shown, options), output, looks)
    if failure is not None:
        raise failure
    click.get_current_context().exit(FINDINGS if found.fix.needed and found.fix.found is None else 0)


def _found(source: Source, asked: Asked, *, quiet: bool) -> Found:
    from gradscope.cli.terminal import shows_progress
    from gradscope.remedies.fixing import fixed

    return fixed(
        source,
        read_settings(asked.settings),
        asked=asked.draws,
        progress=_say_attempt if shows_progress(quiet) else None,
        **asked.means,
    )


def _write(found: Found, where: str | None) -> UserError | None:
    """Write the new config where it is wanted; what was found is worth showing even when that fails."""
    if where is None or found.text is None:
        return None
    try:
        _check_target(found, where)
        write(found.written, where, noun="new config", asked_by="--write")
    except UserError as error:
        return error
    return None


def _check_target(found: Found, where: str) -> None:
    folder = os.path.realpath(found.source.folder)
    fact, hint = None, "name another file with --write"
    if os.path.exists(where) and not os.access(where, os.W_OK):
        fact = "the new config cannot be written: the file is read-only"
    elif found.data_file is not None and os.path.dirname(os.path.realpath(where)) != folder:
        fact = f"the new config would not find its data from there: {found.data_file}"
        hint = f"name a file in {found.source.folder or 'this folder'}"
    if fact is not None:
        raise UserError([Problem(Place(where), fact, hint)])


def _target(config: str, target: str | None, in_place: bool, output: str | None) -> str | None:
    if in_place and target:
        raise click.UsageError("--write and --in-place contradict each other; give one of them")
    if in_place and config == STDIN:
        raise click.UsageError("standard input cannot be written in place; use --write FILE")
    if target and os.path.isdir(target):
        raise click.UsageError(f"{target} is a folder; name a file in it")
    if target == STDIN:
        raise click.UsageError("the report goes to standard output; name a file with --write")
    where = config if in_place else target
    if where and output and os.path.realpath(where) == os.path.realpath(output):
        raise click.UsageError("the new config and the report would be the same file; name another with -o")
    return where


def _say_attempt(attempt: Attempt) -> None:
    say(f"tried {attempt.words}: {attempt.report.verdict}")
