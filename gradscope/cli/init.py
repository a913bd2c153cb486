"""`gradscope init`: a commented starter config."""

import os

import click

from gradscope.cli.commands import GuardedCommand
from gradscope.cli.failures import say
from gradscope.cli.options import STDOUT, writable
from gradscope.cli.output import write


@click.command(cls=GuardedCommand)
@click.argument("file", required=False, default=STDOUT, metavar="[FILE]", callback=writable)
@click.option("--force", is_flag=True, help="Overwrite FILE when it exists.")
def init(*, file: str | None, force: bool) -> None:
    """Write a commented starter config.

    Without FILE it goes to standard output.

    \b
    Examples:
      gradscope init
      gradscope init net.yaml
    """
    from gradscope.config.starter import starter_text

    if file is not None and os.path.lexists(file) and not force:
        raise click.UsageError(f"{file} exists; --force overwrites it")
    write(starter_text(), file)
    if file is not None:
        say(f"{file}: written; `gradscope run {file}` shows what becomes of its gradient")
