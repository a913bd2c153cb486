"""`gradscope theory`: what an infinitely wide network would do, without building one."""

import click

from gradscope.cli.asked import Looks, full_look
from gradscope.cli.commands import GuardedCommand
from gradscope.cli.diagnoses import STDIN, read_settings, standard_input
from gradscope.cli.options import format_option, output_option, set_option
from gradscope.cli.output import write

FORMATS = ("table", "json", "csv", "markdown")


@click.command(cls=GuardedCommand)
@click.argument("config")
@click.option(
    "--axis",
    "axes",
    metavar="NAME=VALUES",
    multiple=True,
    help="Draw the phases over this knob, as in sigma_w=lin:0.5:3:200. Once or twice.",
)
@format_option(FORMATS)
@output_option
@set_option
@full_look
def theory(
    *,
    config: str,
    axes: tuple[str, ...],
    form: str,
    output: str | None,
    settings: dict[str, str],
    looks: Looks,
) -> None:
    """Predict the flow by mean-field theory, without building the network.

    With --axis, show over one or two knobs where gradients fade and where they explode.

    CONFIG is a YAML file; - reads standard input.

    \b
    Examples:
      gradscope theory configs/deep_sigmoid.yaml
      gradscope theory configs/tanh_edge_of_chaos.yaml --set sigma_w2=4
      gradscope theory configs/tanh_edge_of_chaos.yaml --axis sigma_w2=lin:0.25:9:200
      gradscope theory net.yaml --format json -o theory.json
    """
    from gradscope.cli.terminal import render_options

    source, text = ("<stdin>", standard_input()) if config == STDIN else (config, None)
    overrides = read_settings(settings)
    options = render_options(to_file=output is not None, **looks._asdict())
    if axes:
        from gradscope.phases import phase_diagram
        from gradscope.render.phases import RENDERERS as DIAGRAMS

        shown = DIAGRAMS[form](phase_diagram(source, axes, overrides, text=text), options)
    else:
        from gradscope.outlook import read_outlook
        from gradscope.render.prediction import RENDERERS, Foretold

        read, prediction = read_outlook(source, overrides, text=text)
        shown = RENDERERS[form](Foretold(read.name, read.source, prediction), options)
    write(shown, output, ansi=options.ansi)
