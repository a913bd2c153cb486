"""The progress of a sweep on standard error: points, rate and time left, where somebody is looking."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any, Self

DELAY_SECONDS = 1.0
BAR_WIDTH = 20
"""Leaves room for millions of points, their rate and the time left in 80 columns."""


class SweepProgress:
    """A bar that appears after a second, when `shown`, and vanishes at the end."""

    def __init__(self, total: int, *, shown: bool) -> None:
        self._total = total
        self._state = (0, 0, 0)
        self._lock = threading.Lock()
        self._bar: Any = None
        self._start = time.monotonic()
        # rich is loaded in the timer's thread, so that a short sweep never pays for it.
        self._timer = threading.Timer(DELAY_SECONDS, self._show) if shown else None
        self._over = False

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

    def reach(self, points: int, stored: int, failed: int) -> None:
        """Told how many points are done, and how many of them were stored before or failed."""
        with self._lock:
            self._total = max(self._total, points)  # which was an estimate, then
            self._state = (points, stored, failed)
            if self._bar is not None:
                self._update()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        bar = Progress(
            "points",
            BarColumn(BAR_WIDTH),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            console=Console(stderr=True),
            transient=True,
        )
        with self._lock:
            if not self._over:
                bar.add_task("points", total=self._total, words="")
                bar.start()
                self._bar = bar
                self._update()

    def _update(self) -> None:
        points, stored, failed = self._state
        words = progress_words(self._total, points, stored, failed, time.monotonic() - self._start)
        self._bar.update(self._bar.task_ids[0], completed=points, total=self._total, words=words)


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
