"""`gradscope run`: diagnose configs and show the full table of each."""

import click

from gradscope.cli.commands import GuardedCommand
from gradscope.cli.diagnoses import STDIN, Diagnoses, Request
from gradscope.cli.exits import findings_code
from gradscope.cli.options import (
    all_option,
    fail_on_option,
    format_option,
    full_option,
    jobs_option,
    output_option,
    quiet_option,
    seed_option,
    set_option,
    trials_option,
    verbose_option,
)
from gradscope.cli.output import write
from gradscope.render import RENDERERS


def _sources(ctx: click.Context, parameter: click.Parameter, sources: tuple[str, ...]) -> tuple[str, ...]:
    if sources.count(STDIN) > 1:
        raise click.BadParameter("standard input can be read only once; give - once", ctx, parameter)
    return sources


@click.command(cls=GuardedCommand)
@click.argument("configs", nargs=-1, required=True, metavar="CONFIG...", callback=_sources)
@format_option(RENDERERS)
@output_option
@set_option
@seed_option
@trials_option
@jobs_option
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
    settings: dict[str, str],
    seed: int | None,
    trials: int | None,
    jobs: int | None,
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
      gradscope run net.yaml --format json -o report.json
    """
    from gradscope.cli.terminal import render_options, shows_progress
    from gradscope.render import render
    from gradscope.render.outcome import Outcome

    found = Diagnoses(Request(configs, settings, seed, trials, jobs, verbose))
    found.run(shows_progress=shows_progress(quiet))
    outcome = Outcome(tuple(found.reports), several=len(configs) > 1)
    if outcome.reports or outcome.several:
        options = render_options(
            to_file=output is not None, all_layers=all_layers, full=full, quiet=quiet, verbose=verbose
        )
        write(render(form, outcome, options), output, ansi=options.ansi)
    click.get_current_context().exit(max(found.exit_code, findings_code(outcome.reports, fail_on)))
