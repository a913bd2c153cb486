"""`gradscope run`: diagnose configs and show the full table of each."""

import click

from gradscope.cli.asked import Asked, Looks, every_look, measuring_options
from gradscope.cli.commands import GuardedCommand
from gradscope.cli.diagnoses import Diagnoses, Request
from gradscope.cli.exits import FAIL_ON, findings_code
from gradscope.cli.options import (
    Copy,
    check_pictures,
    explain_option,
    fail_on_option,
    format_option,
    output_option,
    report_option,
)
from gradscope.cli.reporting import here, shows_advice, write_reports
from gradscope.cli.standard_input import once
from gradscope.render import RUN_RENDERERS


@click.command(cls=GuardedCommand)
@click.argument("configs", nargs=-1, required=True, metavar="CONFIG...", callback=once)
@format_option(RUN_RENDERERS)
@output_option
@report_option(RUN_RENDERERS)
@measuring_options()
@explain_option(default=True)
@click.option("--estimate", "estimates", is_flag=True, help="Say what it would take, and run nothing.")
@every_look
@fail_on_option("never")
def run(
    *,
    configs: tuple[str, ...],
    form: str,
    output: str | None,
    copies: tuple[Copy, ...],
    asked: Asked,
    explains: bool,
    estimates: bool,
    looks: Looks,
    fail_on: str,
) -> None:
    """Diagnose configs and show every layer, with findings and advice.

    CONFIG is a YAML file; - reads standard input.

    \b
    Examples:
      gradscope run configs/deep_sigmoid.yaml
      gradscope run configs/deep_sigmoid.yaml --set act=relu --set init=he_normal
      gradscope run configs/*.yaml --quiet
      gradscope run net.yaml --no-explain
      gradscope run large.yaml --memory 4GB --estimate
      gradscope run net.yaml --format json -o report.json
    """
    written = [Copy(form, output), *copies]
    check_pictures(written)
    request = Request(configs, asked, looks.verbose)
    if estimates:
        from gradscope.cli.estimates import show_estimates

        click.get_current_context().exit(show_estimates(request, form, output))
    explains = explains and shows_advice(written, quiet=looks.quiet)
    request = request._replace(explains=explains, announces=not looks.quiet)
    click.get_current_context().exit(_shown(request, written, looks, fail_on))


def _shown(request: Request, written: list[Copy], looks: Looks, fail_on: str) -> int:
    """Diagnose, write the report and its copies, and return the exit code."""
    from gradscope.cli.terminal import shows_progress
    from gradscope.render.outcome import Outcome

    found = Diagnoses(request)
    found.run(shows_progress=shows_progress(looks.quiet))
    outcome = Outcome(
        found.results,
        several=len(request.sources) > 1,
        fails_on=FAIL_ON[fail_on],
        repository=here(),
    )
    write_reports(outcome, RUN_RENDERERS, written, looks)
    return max(found.exit_code, findings_code(outcome))
