"""`gradscope run`: diagnose configs and show the full table of each."""

import click

from gradscope.cli.commands import GuardedCommand
from gradscope.cli.diagnoses import STDIN, Diagnoses, Request
from gradscope.cli.exits import FAIL_ON, findings_code
from gradscope.cli.options import (
    Copy,
    all_option,
    check_choice,
    check_pictures,
    explain_option,
    fail_on_option,
    format_option,
    full_option,
    ignore_option,
    jobs_option,
    memory_option,
    output_option,
    quiet_option,
    report_option,
    seed_option,
    select_option,
    set_option,
    trials_option,
    verbose_option,
)
from gradscope.cli.reporting import here, shows_advice, write_reports
from gradscope.render import DRAWN, RUN_RENDERERS


def _sources(ctx: click.Context, parameter: click.Parameter, sources: tuple[str, ...]) -> tuple[str, ...]:
    if sources.count(STDIN) > 1:
        raise click.BadParameter("standard input can be read only once; give - once", ctx, parameter)
    return sources


@click.command(cls=GuardedCommand)
@click.argument("configs", nargs=-1, required=True, metavar="CONFIG...", callback=_sources)
@format_option(RUN_RENDERERS)
@output_option
@report_option(RUN_RENDERERS)
@set_option
@seed_option
@trials_option
@select_option
@ignore_option
@jobs_option
@explain_option(default=True)
@memory_option
@click.option("--estimate", "estimates", is_flag=True, help="Say what it would take, and run nothing.")
@all_option
@full_option
@quiet_option
@verbose_option
@fail_on_option("never")
def run(
    *,
    configs: tuple[str, ...],
    form: str,
    output: str | None,
    copies: tuple[Copy, ...],
    settings: dict[str, str],
    seed: int | None,
    trials: int | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    jobs: int | None,
    explains: bool,
    memory: int | None,
    estimates: bool,
    all_layers: bool,
    full: bool,
    quiet: bool,
    verbose: bool,
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
    from gradscope.cli.terminal import shows_progress
    from gradscope.render.outcome import Outcome

    check_choice(select, ignore)
    written = [Copy(form, output), *copies]
    check_pictures(written)
    request = Request(configs, settings, seed, trials, select, ignore, jobs, memory, verbose)
    if estimates:
        from gradscope.cli.estimates import show_estimates

        click.get_current_context().exit(show_estimates(request, form, output))
    request = request._replace(announces=not quiet)
    found = Diagnoses(request._replace(explains=explains and shows_advice(written, quiet=quiet)))
    found.run(shows_progress=shows_progress(quiet))
    outcome = Outcome(
        found.results,
        several=len(configs) > 1,
        fails_on=FAIL_ON[fail_on],
        repository=here(),
        predictions=found.predictions() if any(copy.form in DRAWN for copy in written) else (),
    )
    looks = {"all_layers": all_layers, "full": full, "quiet": quiet, "verbose": verbose}
    write_reports(outcome, RUN_RENDERERS, written, **looks)
    click.get_current_context().exit(max(found.exit_code, findings_code(outcome)))
