"""A progress bar on standard error for calls that take long enough to wonder: finished trials."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradscope.cli.late_display import LateDisplay

if TYPE_CHECKING:
    from rich.console import Console


class Progress(LateDisplay):
    """Counts finished trials or whatever else, as a bar when `shown`."""

    def __init__(self, total: int, *, shown: bool, noun: str = "trials") -> None:
        super().__init__(self._bar, shown=shown)
        self._total = total
        self._noun = noun
        self._finished = 0.0
        self._counting = threading.Lock()

    @contextmanager
    def part(self, trials: int) -> Iterator[Callable[[float], None]]:
        """Gives what is to be told the finished trials of one config; at the end all of them are.

        Parts may be told of side by side.
        """
        reached = 0.0

        def reach(finished: float) -> None:
            nonlocal reached
            with self._counting:
                # Threads may report late what is less by then.
                more = max(0.0, finished - reached)
                reached += more
                self._finished += more
                self.update(self._count)

        try:
            yield reach
        finally:
            reach(trials)

    def _bar(self, console: Console) -> Any:
        from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        bar = Bar(
            self._noun,
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            "left",
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        bar.add_task(self._noun, total=self._total)
        return bar

    def _count(self, bar: Any) -> None:
        bar.update(bar.task_ids[0], completed=self._finished)
