"""`--estimate`: what diagnoses would take, said without running them; and what is said before a long one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradscope.cli.asked import read_settings
from gradscope.cli.diagnoses import Request
from gradscope.cli.failures import failure_code, failure_of, say, say_failure
from gradscope.cli.output import write
from gradscope.cli.standard_input import named

if TYPE_CHECKING:
    from gradscope.config.schema import Config
    from gradscope.effort.estimate import Estimate


def show_estimates(request: Request, form: str, output: str | None) -> int:
    """Write what each config would take, and return the exit code; what is wrong with others is said."""
    from gradscope.render.effort import FORMATS

    if form not in FORMATS:
        raise click.UsageError(f"--estimate is written as {' or '.join(FORMATS)}; leave --format {form} out")
    found, worst = [], 0
    for source in request.sources:
        assert isinstance(source, str)  # `run` looks at none of them before
        try:
            found.append(_estimate(source, request))
        except Exception as error:
            failure = failure_of(error, source, verbose=request.verbose)
            say_failure(failure)
            worst = max(worst, failure_code(failure))
    if found:
        write(FORMATS[form](found), output)
    return worst


def announce(config: Config, jobs: int | None, memory: int | None) -> None:
    """Say of a diagnosis that will take more than a minute how long it will."""
    from gradscope.effort.asking import announced_seconds
    from gradscope.engine.threads import available_jobs

    seconds = announced_seconds(config, jobs=jobs or available_jobs(), memory=memory)
    if seconds is not None:
        from gradscope.render.sweep_estimate import duration

        say(f"{config.source}: about {duration(seconds)}; --estimate says what takes so long")


def _estimate(source: str, request: Request) -> Estimate:
    from gradscope.effort.asking import read_estimate
    from gradscope.engine.threads import available_jobs

    asked = request.asked
    name, text = named(source)
    return read_estimate(
        name,
        read_settings(asked.settings),
        text=text,
        asked=asked.draws,
        jobs=asked.jobs or available_jobs(),
        memory=asked.memory,
    )
