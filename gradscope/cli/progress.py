"""A progress bar on standard error for calls that take long enough to wonder."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

DELAY_SECONDS = 1.0


class Progress:
    """Counts finished trials or whatever else; after a second, when `shown`, as a bar that vanishes at the
    end."""

    def __init__(self, total: int, *, shown: bool, noun: str = "trials") -> None:
        self._total = total
        self._noun = noun
        self._finished = 0.0
        self._lock = threading.Lock()
        self._bar: Any = None
        self._over = False
        # rich is loaded in the timer's thread, so that a short call never pays for it.
        self._timer = threading.Timer(DELAY_SECONDS, self._show) if shown else None

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._over = True
            if self._bar is not None:
                self._bar.stop()

    @contextmanager
    def part(self, trials: int) -> Iterator[Callable[[float], None]]:
        """Gives what is to be told the finished trials of one config; at the end all of them are.

        Parts may be told of side by side.
        """
        reached = 0.0

        def reach(finished: float) -> None:
            nonlocal reached
            with self._lock:
                # Threads may report late what is less by then.
                more = max(0.0, finished - reached)
                reached += more
                self._finished += more
                if self._bar is not None:
                    self._bar.update(self._bar.task_ids[0], completed=self._finished)

        try:
            yield reach
        finally:
            reach(trials)

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        bar = Bar(
            self._noun,
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            "left",
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        with self._lock:
            if not self._over:
                task = bar.add_task(self._noun, total=self._total)
                bar.update(task, completed=self._finished)
                bar.start()
                self._bar = bar
