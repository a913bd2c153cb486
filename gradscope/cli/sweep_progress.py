"""The progress of a sweep on standard error: points, rate and time left, where somebody is looking."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from gradscope.cli.late_display import LateDisplay

if TYPE_CHECKING:
    from rich.console import Console

BAR_WIDTH = 20
"""Leaves room for millions of points, their rate and the time left in 80 columns."""


class SweepProgress(LateDisplay):
    """How far a sweep has come, as a bar when `shown`."""

    def __init__(self, total: int, *, shown: bool) -> None:
        super().__init__(partial(_bar, total), shown=shown)
        self._total = total
        self._start = time.monotonic()

    def reach(self, points: int, stored: int, failed: int) -> None:
        """Told how many points are done, and how many of them were stored before or failed."""
        self._total = max(self._total, points)  # which was an estimate, then

        def change(bar: Any) -> None:
            words = progress_words(self._total, points, stored, failed, time.monotonic() - self._start)
            bar.update(bar.task_ids[0], completed=points, total=self._total, words=words)

        self.update(change)


def _bar(total: int, console: Console) -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    words = TextColumn("{task.fields[words]}")
    bar = Progress(
        "points", BarColumn(BAR_WIDTH), MofNCompleteColumn(), words, console=console, transient=True
    )
    bar.add_task("points", total=total, words="")
    return bar


def progress_words(total: int, points: int, stored: int, failed: int, seconds: float) -> str:
    """Rate, time left and failures; points that were stored before say nothing about the rate."""
    from gradscope.render.sweep_estimate import duration

    parts = []
    if points > stored and seconds > 0.0:
        rate = (points - stored) / seconds
        parts.append(f"{rate:,.0f}/s" if rate >= 10.0 else f"{rate:.2g}/s")
        parts.append(f"{duration((total - points) / rate)} left")
    if failed:
        parts.append(f"{failed:,} failed")
    return ", ".join(parts)
