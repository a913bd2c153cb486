"""The command `gradscope` itself: the list of its commands, --version and --help."""

import click

from gradscope import __version__
from gradscope.cli.commands import Entry, LazyGroup

COMMANDS: dict[str, Entry] = {
    "run": Entry(
        "gradscope.cli.run", "run", "Diagnose configs and show every layer, with findings and advice."
    ),
}


@click.group(
    cls=LazyGroup,
    entries=COMMANDS,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="`gradscope COMMAND --help` shows the options of a command, and examples.",
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def root() -> None:
    """Find vanishing and exploding gradients and dead units in a network before training it.

    \b
    Start with:
      gradscope run CONFIG.yaml
    """
