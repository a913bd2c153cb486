"""`gradscope check`: judge many configs, a line each, for CI."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gradscope.cli.asked import Asked, Looks, look_options, measuring_options
from gradscope.cli.commands import GuardedCommand
from gradscope.cli.diagnoses import Diagnoses, Request
from gradscope.cli.discovery import find_configs
from gradscope.cli.exits import FAIL_ON, INTERRUPTED, findings_code
from gradscope.cli.failures import say
from gradscope.cli.options import (
    Copy,
    baseline_option,
    explain_option,
    fail_on_option,
    format_option,
    full_option,
    output_option,
    report_option,
    verbose_option,
    write_baseline_option,
)
from gradscope.cli.output import write
from gradscope.cli.reporting import here, shows_advice, write_reports
from gradscope.cli.targets import check_read
from gradscope.numerals import count
from gradscope.render import COMPACT_RENDERERS

if TYPE_CHECKING:
    from gradscope.baseline import Baseline
    from gradscope.render.outcome import Outcome

MOST_SKIPPED = 5
"""Files of folders that are no configs and are named; the rest are counted."""


@click.command(cls=GuardedCommand)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@format_option(COMPACT_RENDERERS)
@output_option
@report_option(COMPACT_RENDERERS)
@measuring_options()
@baseline_option
@write_baseline_option
@explain_option(default=False)
@look_options(full_option, verbose=verbose_option("Name all files that are passed over"))
@fail_on_option("error")
def check(
    *,
    paths: tuple[str, ...],
    form: str,
    output: str | None,
    copies: tuple[Copy, ...],
    asked: Asked,
    baseline: str | None,
    write_baseline: str | None,
    explains: bool,
    looks: Looks,
    fail_on: str,
) -> None:
    """Judge many configs, a line each, and exit with 1 when any fails.

    PATH is a config, a folder to search for configs, or - for standard input.

    \b
    Examples:
      gradscope check configs/
      gradscope check configs/ --fail-on warning --report junit=report.xml
      gradscope check configs/ --explain
      gradscope check configs/ --format sarif -o gradscope.sarif
      gradscope check configs/ --write-baseline known.json
      gradscope check configs/ --baseline known.json
    """
    known = _known(baseline, write_baseline)
    found = find_configs(paths)
    check_read(source for source in found.sources if isinstance(source, str))
    _say_skipped(found.skipped, looks.verbose)
    written = [Copy(form, output), *copies]
    explains = explains and shows_advice(written, quiet=looks.quiet)
    says_failures = form != "table" or output is not None
    more = {"explains": explains, "at_once": True, "says_failures": says_failures}
    diagnoses = Diagnoses(Request(found.sources, asked, looks.verbose, **more))
    outcome = _judged(diagnoses, known, FAIL_ON[fail_on], looks)
    write_reports(outcome, COMPACT_RENDERERS, written, looks)
    if write_baseline is None:
        code = max(diagnoses.exit_code, findings_code(outcome))
    else:
        code = _kept(outcome, write_baseline, diagnoses.exit_code)
    click.get_current_context().exit(code)


def _judged(diagnoses: Diagnoses, known: Baseline | None, fails_on: tuple[str, ...], looks: Looks) -> Outcome:
    from gradscope.cli.terminal import shows_progress
    from gradscope.render.outcome import Outcome

    diagnoses.run(shows_progress=shows_progress(looks.quiet))
    outcome = Outcome(diagnoses.results, several=True, fails_on=fails_on, repository=here())
    return outcome if known is None else _compared(outcome, known)


def _known(path: str | None, new: str | None) -> Baseline | None:
    if path is None:
        return None
    if new is not None:
        raise click.UsageError("--baseline and --write-baseline contradict each other; give one of them")
    from gradscope.baseline import read_baseline

    return read_baseline(path)


def _say_skipped(files: tuple[str, ...], verbose: bool) -> None:
    shown = files if verbose else files[:MOST_SKIPPED]
    if shown:
        more = f" and {len(files) - len(shown)} more; --verbose names them" if len(files) > len(shown) else ""
        say(f"skipped as no config, having neither `input` nor `layers`: {', '.join(shown)}{more}")


def _compared(outcome: Outcome, known: Baseline) -> Outcome:
    """The same with the findings that are known marked, and those that are gone listed."""
    import msgspec

    from gradscope.report import Report

    repository = known.around(outcome.repository)
    gone = [name for name in known.configs if not os.path.exists(os.path.join(repository.root, name))]
    results = tuple(
        known.marked(result, repository) if isinstance(result, Report) else result
        for result in outcome.results
    )
    fixed = known.fixed(outcome.reports, repository, gone)
    return msgspec.structs.replace(outcome, results=results, fixed=fixed)


def _kept(outcome: Outcome, path: str, code: int) -> int:
    """Write the findings down, and return the exit code: what was interrupted is no baseline."""
    if code == INTERRUPTED:
        return code
    from gradscope.baseline import baseline_text

    write(baseline_text(outcome.reports, outcome.repository, path), path)
    found = sum(len(report.findings) for report in outcome.reports)
    say(f"{path}: {count(found, 'finding')} written; `--baseline {path}` lets only new ones fail")
    return code
