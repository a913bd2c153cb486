"""`gradscope compare`: what changes from one config or saved report to another."""

import click

from gradscope.cli.asked import Asked, Looks, full_look, measuring_options
from gradscope.cli.commands import GuardedCommand
from gradscope.cli.exits import FAIL_ON, FINDINGS
from gradscope.cli.options import Copy, check_pictures, fail_on_option, format_option, output_option
from gradscope.cli.reporting import show
from gradscope.cli.standard_input import once
from gradscope.render.compared import COMPARED_RENDERERS


def _sources(ctx: click.Context, parameter: click.Parameter, sources: tuple[str, ...]) -> tuple[str, ...]:
    if len(sources) > 2:
        raise click.BadParameter(f"{len(sources)} are given; two can be compared", ctx, parameter)
    return once(ctx, parameter, sources)


@click.command(cls=GuardedCommand)
@click.argument("sources", nargs=-1, required=True, metavar="A [B]", callback=_sources)
@format_option(COMPARED_RENDERERS)
@output_option
@measuring_options()
@full_look
@fail_on_option("error")
def compare(
    *,
    sources: tuple[str, ...],
    form: str,
    output: str | None,
    asked: Asked,
    looks: Looks,
    fail_on: str,
) -> None:
    """Compare two configs or saved reports, and exit with 1 when B is worse.

    A and B are YAML configs or JSON reports of `run`; - reads one of them from standard input. Of a single
    config, B is what --set makes of it. B is worse when it has a finding of --fail-on that A has not.

    \b
    Examples:
      gradscope compare configs/deep_sigmoid.yaml --set act=tanh
      gradscope compare configs/plain56.yaml configs/plain56_batch_norm.yaml
      gradscope run net.yaml --format json -o before.json
      gradscope compare before.json net.yaml --fail-on warning
      gradscope compare before.json after.json --format html -o compared.html
    """
    from gradscope.cli.sides import read_sides
    from gradscope.cli.terminal import shows_progress
    from gradscope.comparing.comparison import compare as compared
    from gradscope.render.compared import Compared, render

    check_pictures([Copy(form, output)])
    if len(sources) == 1 and not asked.settings:
        raise click.UsageError(
            f"{sources[0]} alone is no comparison; name a second one, or vary it with --set"
        )
    a, b = read_sides(sources, asked, shows_progress=shows_progress(looks.quiet))
    found = Compared(compared(a, b), FAIL_ON[fail_on])
    show(lambda options: render(form, found, options), output, looks)
    click.get_current_context().exit(FINDINGS if found.is_worse else 0)
