"""Several configs in one call: all are loaded, then diagnosed; none that fails stops the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gradscope.cli.asked import Asked, read_settings
from gradscope.cli.exits import INTERRUPTED
from gradscope.cli.failures import failure_code, failure_of, say_failure, say_interrupted
from gradscope.cli.progress import Progress
from gradscope.cli.standard_input import named

if TYPE_CHECKING:
    from concurrent.futures import Future

    from gradscope.config.schema import Config
    from gradscope.render.outcome import Failure
    from gradscope.report import Report


class Request(NamedTuple):
    """What the command line asks for."""

    sources: tuple[str | Failure, ...]
    """Paths, `-` for standard input, and what could not even be looked at."""
    asked: Asked
    verbose: bool
    explains: bool = False
    """Whether remedies are tried for what warns."""
    announces: bool = False
    """Whether what will take more than a minute is said before."""
    at_once: bool = False
    """Whether configs are diagnosed side by side, rather than the trials of one after the other."""
    says_failures: bool = True
    """Whether failures are said on standard error, rather than in the report alone."""


class Diagnoses:
    """What came of each source, as far as they were finished, and the worst exit code on the way.

    Threads rather than processes: a hundred small configs take a second, and to start two processes half of
    that; where there is much to compute, NumPy lets threads run side by side.
    """

    def __init__(self, request: Request) -> None:
        self.exit_code = 0
        self._request = request
        self._configs: dict[int, Config] = {}
        self._results: dict[int, Report | Failure] = {}

    @property
    def results(self) -> tuple[Report | Failure, ...]:
        """In the order of the sources."""
        return tuple(self._results[number] for number in sorted(self._results))

    def run(self, *, shows_progress: bool) -> None:
        """Load and diagnose every source.

        Raises:
            ConfigError: a text of --set is no YAML value.
        """
        from gradscope.engine.threads import one_blas_thread

        overrides = read_settings(self._request.asked.settings)
        try:
            configs = self._configs = self._loaded(overrides)
            total = sum(config.trials for config in configs.values())
            with one_blas_thread(), Progress(total, shown=shows_progress) as progress:
                self._diagnose_all(configs, progress)
            if self._request.explains:
                with one_blas_thread():
                    self._explain_all(shows_progress)
        except KeyboardInterrupt:
            say_interrupted(len(self._results), len(self._request.sources))
            self.exit_code = INTERRUPTED

    def _loaded(self, overrides: Mapping[str, Any]) -> dict[int, Config]:
        configs = {}
        for number, source in enumerate(self._request.sources):
            if isinstance(source, str):
                try:
                    configs[number] = self._load(source, overrides)
                except Exception as error:
                    self._fail(number, source, error)
            else:
                self._keep_failure(number, source)
        return configs

    def _load(self, source: str, overrides: Mapping[str, Any]) -> Config:
        import msgspec

        from gradscope.loading import load_config

        name, text = named(source)
        config = load_config(name, overrides, text=text)
        changes = self._request.asked.draws
        return msgspec.structs.replace(config, **changes) if changes else config

    def _diagnose_all(self, configs: Mapping[int, Config], progress: Progress) -> None:
        workers, jobs = self._shares(len(configs))
        memory = self._request.asked.memory
        if workers > 1:
            from gradscope.build.free_memory import held_share

            memory = held_share(memory, workers)
        tasks = {
            number: partial(self._diagnose, config, jobs, memory, progress)
            for number, config in configs.items()
        }
        if workers == 1:
            self._collect(tasks, configs)
            return
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(workers, thread_name_prefix="gradscope-config")
        futures = {number: pool.submit(task) for number, task in tasks.items()}
        try:
            self._collect({number: future.result for number, future in futures.items()}, configs)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            self._keep_finished(futures)
            raise
        pool.shutdown()

    def _collect(self, tasks: Mapping[int, Callable[[], Report]], configs: Mapping[int, Config]) -> None:
        """In the order of the sources, so that what is said of failures does not depend on the jobs."""
        for number, task in tasks.items():
            try:
                self._results[number] = task()
            except Exception as error:
                self._fail(number, configs[number].source, error)

    def _shares(self, count: int) -> tuple[int, int | None]:
        """How many configs run side by side, and how many threads each of them has."""
        from gradscope.engine.threads import available_jobs

        if not self._request.at_once:
            return 1, self._request.asked.jobs
        jobs = self._request.asked.jobs or available_jobs()
        workers = max(1, min(jobs, count))
        return workers, max(1, jobs // workers)

    def _diagnose(self, config: Config, jobs: int | None, memory: int | None, progress: Progress) -> Report:
        if self._request.announces:
            from gradscope.cli.estimates import announce

            announce(config, jobs, memory)
        with progress.part(config.trials) as reach:
            return self._measure(jobs, memory)(config, progress=reach)

    def _measure(self, jobs: int | None, memory: int | None) -> Callable[..., Report]:
        from gradscope.diagnosis import diagnose

        return partial(diagnose, **self._request.asked.means | {"jobs": jobs, "memory": memory})

    def _explain_all(self, shows_progress: bool) -> None:
        """Try remedies for what warns, when all is diagnosed: nothing measured is lost if that is stopped."""
        from gradscope.render.outcome import Failure

        sick = {
            number: report
            for number, report in self._results.items()
            if not isinstance(report, Failure) and report.verdict != "healthy"
        }
        if not sick:
            return
        from gradscope.remedies.explaining import explained

        asked = self._request.asked
        measured = self._measure(asked.jobs, asked.memory)
        with Progress(len(sick), shown=shows_progress, noun="remedies") as progress:
            for number, report in sick.items():
                with progress.part(1):
                    self._results[number] = explained(self._configs[number], report, measured)

    def _keep_finished(self, futures: Mapping[int, Future[Report]]) -> None:
        for number, future in futures.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                self._results[number] = future.result()

    def _fail(self, number: int, source: str, error: Exception) -> None:
        self._keep_failure(number, failure_of(error, source, verbose=self._request.verbose))

    def _keep_failure(self, number: int, failure: Failure) -> None:
        self._results[number] = failure
        self.exit_code = max(self.exit_code, failure_code(failure))
        if self._request.says_failures:
            say_failure(failure)
