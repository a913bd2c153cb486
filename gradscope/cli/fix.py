"""`gradscope fix`: the smallest change that makes a config pass."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gradscope.cli.commands import GuardedCommand
from gradscope.cli.diagnoses import STDIN, read_settings, standard_input
from gradscope.cli.exits import FINDINGS
from gradscope.cli.failures import say
from gradscope.cli.options import (
    check_choice,
    format_option,
    ignore_option,
    jobs_option,
    option,
    output_option,
    quiet_option,
    seed_option,
    select_option,
    set_option,
    trials_option,
    verbose_option,
)
from gradscope.cli.output import write

if TYPE_CHECKING:
    from gradscope.remedies.search import Attempt

FORMATS = ("table", "json", "markdown")


@click.command(cls=GuardedCommand)
@click.argument("config")
@option("--write", "target", metavar="FILE", help="Write the new config there; comments and order stay.")
@click.option("--in-place", is_flag=True, help="Write the new config over the old one.")
@format_option(FORMATS)
@output_option
@set_option
@seed_option
@trials_option
@select_option
@ignore_option
@jobs_option
@quiet_option
@verbose_option
def fix(
    *,
    config: str,
    target: str | None,
    in_place: bool,
    form: str,
    output: str | None,
    settings: dict[str, str],
    seed: int | None,
    trials: int | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    jobs: int | None,
    quiet: bool,
    verbose: bool,
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
    from gradscope.cli.terminal import render_options, shows_progress
    from gradscope.remedies.fixing import fixed
    from gradscope.render.fix import RENDERERS, Fixed

    check_choice(select, ignore)
    where = _target(config, target, in_place)
    source, text = ("<stdin>", standard_input()) if config == STDIN else (config, None)
    found = fixed(
        source,
        read_settings(settings),
        text=text,
        asked={"seed": seed, "trials": trials},
        select=select,
        ignore=ignore,
        jobs=jobs,
        progress=_say_attempt if shows_progress(quiet) else None,
    )
    written = where if found.text is not None else None
    if written is not None and found.text is not None:
        write(found.text, written)
    options = render_options(to_file=output is not None, quiet=quiet, verbose=verbose)
    write(RENDERERS[form](Fixed(found.fix, found.diff, written), options), output, ansi=options.ansi)
    click.get_current_context().exit(FINDINGS if found.fix.needed and found.fix.found is None else 0)


def _target(config: str, target: str | None, in_place: bool) -> str | None:
    if in_place and target:
        raise click.UsageError("--write and --in-place contradict each other; give one of them")
    if in_place and config == STDIN:
        raise click.UsageError("standard input cannot be written in place; use --write FILE")
    if target and os.path.isdir(target):
        raise click.UsageError(f"{target} is a folder; name a file in it")
    return config if in_place else target


def _say_attempt(attempt: Attempt) -> None:
    say(f"tried {attempt.words}: {attempt.report.verdict}")
