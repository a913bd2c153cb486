"""The command `gradscope` itself: the list of its commands, --version and --help."""

import click

from gradscope import __version__
from gradscope.cli.commands import Entry, LazyGroup

COMMANDS: dict[str, Entry] = {
    "run": Entry(
        "gradscope.cli.run", "run", "Diagnose configs and show every layer, with findings and advice."
    ),
    "check": Entry(
        "gradscope.cli.check", "check", "Judge many configs, a line each, and exit with 1 when any fails."
    ),
    "sweep": Entry(
        "gradscope.cli.sweep",
        "sweep",
        "Diagnose a config at many values of its knobs, in parallel, and keep every result.",
    ),
    "theory": Entry(
        "gradscope.cli.theory",
        "theory",
        "Predict the flow by mean-field theory, without building the network.",
    ),
    "fix": Entry(
        "gradscope.cli.fix", "fix", "Find the smallest change that makes a config pass, and write it."
    ),
    "compare": Entry(
        "gradscope.cli.compare",
        "compare",
        "Compare two configs or saved reports, and exit with 1 when B is worse.",
    ),
    "train": Entry(
        "gradscope.cli.train",
        "train",
        "Train for a few steps, and show what becomes of gradient flow, loss and units.",
    ),
    "activations": Entry(
        "gradscope.cli.activations",
        "activations",
        "Show what is true of the activations, and curves of named ones.",
    ),
    "rules": Entry("gradscope.cli.rules", "rules", "List what is judged."),
    "explain": Entry(
        "gradscope.cli.explain", "explain", "Explain rules: what, why, limits, remedy, source, examples."
    ),
    "init": Entry("gradscope.cli.init", "init", "Write a commented starter config."),
    "schema": Entry("gradscope.cli.schema", "schema", "Print the JSON Schema of the config, for editors."),
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
