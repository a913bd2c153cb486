"""`gradscope sweep`: diagnose a config at many values of some of its knobs."""

from __future__ import annotations

import os
from typing import Any

import click

from gradscope.cli.asked import measuring_options
from gradscope.cli.commands import GuardedCommand
from gradscope.cli.failures import refusing
from gradscope.cli.options import (
    Copy,
    check_pictures,
    format_option,
    option,
    output_option,
    quiet_option,
    verbose_option,
)
from gradscope.cli.standard_input import STDIN
from gradscope.cli.targets import check_read
from gradscope.sweeping.bounds import MOST_JOBS, MOST_SECONDS

FORMATS = ("table", "json", "csv", "markdown", "jsonl", "html", "png")
OF_A_SUMMARY = frozenset({"summary", "exports", "form", "output", "quiet", "verbose"})
"""Parameters that mean something where nothing is computed."""


def _exports(ctx: click.Context, parameter: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Checked before the work is done, not after it."""
    if paths:
        from gradscope.sweeping.exports import check_export

        with refusing(ctx, parameter):
            for path in paths:
                check_export(path)
    return paths


def _seconds(ctx: click.Context, parameter: click.Parameter, value: float) -> float:
    if not value <= MOST_SECONDS:  # a NaN too, which no range refuses
        raise click.BadParameter(f"{value:g} is no time up to {MOST_SECONDS:g} s", ctx, parameter)
    return value


def _check_summary(ctx: click.Context) -> None:
    for parameter in ctx.command.params:
        is_given = ctx.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        if is_given and parameter.name not in OF_A_SUMMARY:
            word = "CONFIG" if isinstance(parameter, click.Argument) else parameter.opts[0]
            raise click.UsageError(f"--summary shows what is stored, and takes no {word}; leave one out")


@click.command(cls=GuardedCommand)
@click.argument("config", required=False)
@click.option(
    "--axis",
    "axes",
    metavar="NAME=VALUES",
    multiple=True,
    help="A knob or dotted path and its values: depth=10,20,50, act=relu,tanh, gain=log:0.1:10:20, "
    "x=lin:0:1:11, depth=int:1:10. Repeatable; every value goes with every other.",
)
@click.option(
    "--zip",
    "zipped",
    metavar="NAME=VALUES",
    multiple=True,
    help="The same for axes that go together, the first value of one with the first of the others.",
)
@option("--random", "draws", type=click.IntRange(1), metavar="N", help="N points drawn at random, not all.")
@option("--random-seed", type=click.IntRange(0), metavar="N", default=0, help="Seed of these draws.")
@option("--where", metavar="CONDITION", help="Keep the points that meet it: 'depth * width < 1e5'.")
@measuring_options(
    option(
        "--jobs",
        type=click.IntRange(1, MOST_JOBS),
        metavar="N",
        help="Processes; by default one a processor. No number changes.",
    )
)
@option("--store", metavar="FILE", help="Where results are kept; beside the config if not given.")
@click.option(
    "--export",
    "exports",
    metavar="FILE",
    multiple=True,
    callback=_exports,
    help="Write all points to a .csv, .jsonl or .parquet file. Repeatable.",
)
@option(
    "--dask", "scheduler", metavar="SCHEDULER", help="Compute on a Dask cluster: tcp://host:8786, or local."
)
@option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    check=_seconds,
    help="Give up a point that takes longer.",
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first point that fails.")
@click.option("--retry-failed", is_flag=True, help="Compute points again that failed before.")
@click.option("--dry-run", is_flag=True, help="Say how many points there are and how long they would take.")
@option("--summary", metavar="FILE", help="Show the last sweep of a store again, without computing.")
@format_option(FORMATS)
@output_option
@quiet_option("The totals alone")
@verbose_option(None)
def sweep(*, config: str | None, store: str | None, summary: str | None, dry_run: bool, **given: Any) -> None:
    """Diagnose a config at many values of its knobs, in parallel, and keep every result.

    CONFIG is a YAML file, - reads standard input; or a sweep file with base, axes, zip, random and where.
    Results go to NAME.sweep.sqlite beside it: the same call again computes only what is missing. A point that
    fails is a row with its error, and the exit code is 1.

    \b
    Examples:
      gradscope sweep configs/deep_sigmoid.yaml --axis depth=5,10,20
      gradscope sweep net.yaml --axis depth=5,10,20 --axis act=sigmoid,tanh,relu
      gradscope sweep net.yaml --axis depth=int:5:50:10 --where 'depth < 30'
      gradscope sweep net.yaml --axis gain=log:0.1:10:20 --export results.csv
      gradscope sweep net.yaml --axis seed=int:0:99 --format jsonl | jq .verdict
      gradscope sweep net.yaml --axis depth=10,20 --dask tcp://scheduler:8786
      gradscope sweep --summary net.sweep.sqlite
    """
    from gradscope.cli.sweeps import Request, run_sweep, show_estimate, show_summary

    ctx = click.get_current_context()
    check_pictures([Copy(given["form"], given["output"])])
    if summary is not None:
        _check_summary(ctx)
        ctx.exit(show_summary(Request(config="", store=summary, **given)))
    if config is None:
        raise click.UsageError("a CONFIG is missing; name a YAML file, or a store with --summary")
    if config == STDIN and store is None:
        raise click.UsageError("there is nothing beside standard input; name a place with --store FILE")
    path = f"{os.path.splitext(config)[0]}.sweep.sqlite" if store is None else store
    check_read([path])
    request = Request(config=config, store=path, **given)
    ctx.exit(show_estimate(request) if dry_run else run_sweep(request))
