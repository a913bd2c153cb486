"""`gradscope theory`: what an infinitely wide network would do, without building one."""

import click

from gradscope.cli.asked import Looks, full_look, read_settings
from gradscope.cli.commands import GuardedCommand
from gradscope.cli.exits import FAIL_ON, FINDINGS
from gradscope.cli.options import fail_on_option, format_option, output_option, set_option
from gradscope.cli.reporting import show
from gradscope.cli.standard_input import named

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
@fail_on_option("never")
def theory(
    *,
    config: str,
    axes: tuple[str, ...],
    form: str,
    output: str | None,
    settings: dict[str, str],
    looks: Looks,
    fail_on: str,
) -> None:
    """Predict the flow by mean-field theory, without building the network.

    With --axis, show over one or two knobs where gradients fade and where they explode. --fail-on judges the
    predicted flow by GS101 and GS102, as far as theory reaches.

    CONFIG is a YAML file; - reads standard input.

    \b
    Examples:
      gradscope theory configs/deep_sigmoid.yaml
      gradscope theory configs/tanh_edge_of_chaos.yaml --set sigma_w2=4
      gradscope theory configs/tanh_edge_of_chaos.yaml --axis sigma_w2=lin:1:9:200
      gradscope theory net.yaml --format json -o theory.json
    """
    source, text = named(config)
    overrides = read_settings(settings)
    fails = False
    if axes:
        if FAIL_ON[fail_on]:
            raise click.UsageError("--fail-on judges one network, --axis shows many; leave one of them out")
        from gradscope.phases import phase_diagram
        from gradscope.render.phases import RENDERERS as DIAGRAMS

        diagram = phase_diagram(source, axes, overrides, text=text)
        show(lambda options: DIAGRAMS[form](diagram, options), output, looks)
    else:
        from gradscope.outlook import read_outlook
        from gradscope.render.prediction import RENDERERS

        outlook = read_outlook(source, overrides, text=text)
        show(lambda options: RENDERERS[form](outlook, options), output, looks)
        fails = any(finding.severity in FAIL_ON[fail_on] for finding in outlook.findings)
    click.get_current_context().exit(FINDINGS if fails else 0)
