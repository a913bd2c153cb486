"""Tells how far the trials of a measurement have come. Measures nothing."""

import threading
import time
from collections.abc import Callable

from gradscope.engine import Array
from gradscope.engine.layer import Cache, Gradients, Step
from gradscope.engine.signal import Signal

SECONDS = 1.0
"""A trial that takes longer than this is told in parts."""


class Pace:
    """A listener that counts the steps of all trials, forward and back, and says how far they have come."""

    def __init__(self, steps: int, progress: Callable[[float], None]) -> None:
        """A trial has `steps`, forward and back together; `progress` is told finished trials, with parts of
        long ones."""
        self._steps = steps
        self._progress = progress
        self._heard = self._finished = 0
        self._told = time.monotonic()
        self._lock = threading.Lock()

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """Count a step on the way forward."""
        self._hear()

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """Count a step on the way back."""
        self._hear()

    def finish(self) -> None:
        """Count a finished trial."""
        with self._lock:
            self._finished += 1
            self._told = time.monotonic()
            self._progress(self._finished)

    def _hear(self) -> None:
        self._heard += 1
        now = time.monotonic()
        if now - self._told < SECONDS:
            return
        with self._lock:
            self._told = now
            self._progress(max(self._finished, self._heard / self._steps))
