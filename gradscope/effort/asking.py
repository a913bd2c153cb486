"""Config in, Estimate out: for networks that are not built, and before those that are."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gradscope.build import plan_of
from gradscope.build.sketch import Sketch
from gradscope.config.load import read_config
from gradscope.config.schema import Config
from gradscope.effort.estimate import Estimate, Terms, estimate, most_seconds
from gradscope.errors import Problems
from gradscope.rules.policy import check_settings

LONG_SECONDS = 60.0
"""A diagnosis that takes longer is announced."""

_DOUBTFUL = 1.0 / 3.0
"""Share of it from which the machine is asked how fast it is: what is stated of another is not exact."""


def read_estimate(
    source: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    text: str | None = None,
    asked: Mapping[str, int],
    jobs: int,
    memory: int | None = None,
) -> Estimate:
    """What the diagnosis of a config would take. The network may be larger than any memory.

    Args:
        source: its path, or what the text is called.
        overrides: set from outside.
        text: the YAML itself where it is no file.
        asked: seed and trials instead of the config's.
        jobs: threads there are.
        memory: bytes that drawn weights may take.

    Raises:
        ConfigError: with every mistake that was found.
    """
    problems = Problems()
    config = read_config(source, overrides, problems, text=text)
    plan = None
    if config is not None:
        check_settings(config, problems)
        config = msgspec.structs.replace(config, **asked)
        plan = Sketch(config, problems)
    problems.raise_any()
    assert plan is not None  # or there was a problem
    return estimate(plan, Terms(plan.config.trials, jobs, memory))


def announced_seconds(config: Config, *, jobs: int, memory: int | None = None) -> float | None:
    """The seconds that the diagnosis of a loaded config will take, where these are more than a minute."""
    plan = plan_of(config)
    if most_seconds(plan, config.trials) < _DOUBTFUL * LONG_SECONDS:
        return None
    seconds = estimate(plan, Terms(config.trials, jobs, memory)).seconds
    return seconds if seconds > LONG_SECONDS else None
