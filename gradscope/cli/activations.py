"""`gradscope activations`: what is true of the activations, and their curves."""

import click

from gradscope.cli.asked import Looks
from gradscope.cli.commands import GuardedCommand
from gradscope.cli.failures import refusing
from gradscope.cli.options import format_option, output_option, quiet_option, verbose_option
from gradscope.render.activations import ACTIVATION_RENDERERS


@click.command(cls=GuardedCommand)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@format_option(ACTIVATION_RENDERERS)
@output_option
@quiet_option("The names alone")
@verbose_option()
def activations(*, names: tuple[str, ...], form: str, output: str | None, quiet: bool, verbose: bool) -> None:
    """Show what is true of the activations, and curves of named ones.

    NAME is an activation, with an option where it has one: leaky_relu=0.2, scaled_sigmoid={scale: 2}. For
    z ~ N(0, 1): mean, second moment, mean squared slope, and the gain of the weights that suits them.

    \b
    Examples:
      gradscope activations
      gradscope activations gelu silu
      gradscope activations relu leaky_relu=0.2 --format svg -o curves.svg
      gradscope activations --format html -o activations.html
    """
    from gradscope.cli.portraits import gallery_of
    from gradscope.cli.reporting import show
    from gradscope.render.activations import render

    with refusing():
        gallery = gallery_of(names)
        show(lambda options: render(form, gallery, options), output, Looks(quiet=quiet, verbose=verbose))
