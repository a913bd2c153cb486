"""Several configs in one call: all are loaded, then each is diagnosed; none that fails stops the others."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

from gradscope.cli.exits import INTERRUPTED
from gradscope.cli.failures import report_failure, say_interrupted
from gradscope.cli.progress import Progress

if TYPE_CHECKING:
    from gradscope.config.schema import Config
    from gradscope.report import Report

STDIN = "-"

P = ParamSpec("P")
Value = TypeVar("Value")


class Request(NamedTuple):
    """What the command line asks for."""

    sources: tuple[str, ...]
    settings: Mapping[str, str]
    """The texts of --set, by key."""
    seed: int | None
    trials: int | None
    jobs: int | None
    verbose: bool


class Diagnoses:
    """The reports of the configs that were finished, in their order, and the worst exit code on the way."""

    def __init__(self, request: Request) -> None:
        self.reports: list[Report] = []
        self.exit_code = 0
        self._request = request

    def run(self, *, shows_progress: bool) -> None:
        """Load and diagnose every source; what fails is said on standard error.

        Raises:
            ConfigError: a text of --set is no YAML value.
        """
        overrides = _overrides(self._request.settings)
        try:
            loaded = [
                self._attempt(source, self._load, source, overrides) for source in self._request.sources
            ]
            configs = [config for config in loaded if config is not None]
            with Progress(sum(config.trials for config in configs), shown=shows_progress) as progress:
                for config in configs:
                    report = self._attempt(config.source, self._diagnose, config, progress)
                    if report is not None:
                        self.reports.append(report)
        except KeyboardInterrupt:
            say_interrupted(len(self.reports), len(self._request.sources))
            self.exit_code = INTERRUPTED

    def _attempt(
        self, where: str, call: Callable[P, Value], *args: P.args, **options: P.kwargs
    ) -> Value | None:
        try:
            return call(*args, **options)
        except Exception as error:
            code = report_failure(error, where=where, verbose=self._request.verbose)
            self.exit_code = max(self.exit_code, code)
            return None

    def _load(self, source: str, overrides: Mapping[str, Any]) -> Config:
        import msgspec

        from gradscope.loading import load_config

        if source == STDIN:
            config = load_config("<stdin>", overrides, text=_standard_input())
        else:
            config = load_config(source, overrides)
        changes = {"seed": self._request.seed, "trials": self._request.trials}
        return msgspec.structs.replace(
            config, **{name: value for name, value in changes.items() if value is not None}
        )

    def _diagnose(self, config: Config, progress: Progress) -> Report:
        from gradscope.diagnosis import diagnose

        with progress.part(config.trials) as reach:
            return diagnose(config, jobs=self._request.jobs, progress=reach)


def _overrides(settings: Mapping[str, str]) -> dict[str, Any]:
    from gradscope.config.source import parse_value

    return {key: parse_value(text, f"--set {key}") for key, text in settings.items()}


def _standard_input() -> str:
    """The text on standard input; bytes that are no UTF-8 become characters that no config may hold."""
    from gradscope.config.document import MAX_FILE

    return sys.stdin.buffer.read(MAX_FILE + 1).decode("utf-8-sig", "surrogateescape")
