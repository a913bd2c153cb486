"""The options that all commands which diagnose configs share, as two records: what to measure (`Asked`) and
how to show it (`Looks`), with the decorators that fill them."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple

from gradscope.cli.options import (
    Decorator,
    all_option,
    check_choice,
    full_option,
    ignore_option,
    jobs_option,
    memory_option,
    quiet_option,
    seed_option,
    select_option,
    set_option,
    trials_option,
    verbose_option,
)


class Asked(NamedTuple):
    """What to measure, by which rules to judge it, and what it may take."""

    settings: Mapping[str, str]
    """The texts of --set, by key."""
    seed: int | None
    trials: int | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    jobs: int | None
    memory: int | None

    @property
    def draws(self) -> dict[str, int]:
        """The seed and the number of trials, where they were given instead of the config's."""
        asked = {"seed": self.seed, "trials": self.trials}
        return {name: value for name, value in asked.items() if value is not None}

    @property
    def means(self) -> dict[str, Any]:
        """The arguments of `diagnose` besides the config."""
        return {name: getattr(self, name) for name in ("select", "ignore", "jobs", "memory")}


def read_settings(settings: Mapping[str, str]) -> dict[str, Any]:
    """The values of --set.

    Raises:
        ConfigError: a text is no YAML value.
    """
    from gradscope.config.source import parse_value

    return {key: parse_value(text, f"--set {key}") for key, text in settings.items()}


class Looks(NamedTuple):
    """How much of a report is shown."""

    all_layers: bool = False
    full: bool = False
    quiet: bool = False
    verbose: bool = False


USUAL = Looks()


def measuring_options(jobs: Decorator = jobs_option) -> Decorator:
    """The options behind `Asked`, which the command gets as `asked`.

    Args:
        jobs: the option --jobs, where threads are not what it counts.
    """

    def decorate(command: Callable[..., None]) -> Any:
        @wraps(command)
        def measuring(**given: Any) -> None:
            asked = Asked(*(given.pop(name) for name in Asked._fields))
            check_choice(asked.select, asked.ignore)
            command(asked=asked, **given)

        options = (set_option, seed_option, trials_option, select_option, ignore_option, jobs, memory_option)
        return _decorated(measuring, options)

    return decorate


def look_options(
    *more: Decorator, quiet: Decorator | None = None, verbose: Decorator | None = None
) -> Decorator:
    """The options behind `Looks`, which the command gets as `looks`.

    Args:
        more: options besides --quiet and --verbose.
        quiet: the option --quiet, where it leaves something else than a line a config.
        verbose: the option --verbose, where it explains no columns.
    """

    def decorate(command: Callable[..., None]) -> Any:
        @wraps(command)
        def showing(**given: Any) -> None:
            looks = Looks(**{name: given.pop(name) for name in Looks._fields if name in given})
            command(looks=looks, **given)

        return _decorated(showing, (*more, quiet or quiet_option(), verbose or verbose_option()))

    return decorate


def _decorated(command: Any, options: tuple[Decorator, ...]) -> Any:
    for option in reversed(options):
        command = option(command)
    return command


every_look = look_options(all_option, full_option)
full_look = look_options(full_option)
"""Of reports in which all layers have a row anyway."""
