"""What a terminal shows on standard error while a call lasts: it comes late and vanishes at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.console import Console

    Make = Callable[[Console], Any]
    """Gives one of rich's displays, with `start` and `stop`."""

DELAY_SECONDS = 1.0
"""After which somebody may wonder; a call that is over sooner shows nothing."""


class LateDisplay:
    """A display that appears once the call has lasted so long, in the state it was told last."""

    def __init__(self, make: Make, *, shown: bool, seconds: float | None = None) -> None:
        """Make the display when it is due; never unless it is to be `shown`."""
        self._make = make
        self._change: Callable[[Any], None] | None = None
        self._display: Any = None
        self._is_over = False
        self._lock = threading.Lock()
        # rich is loaded in the timer's thread, so that a short call never pays for it.
        delay = DELAY_SECONDS if seconds is None else seconds
        self._timer = threading.Timer(delay, self._appear) if shown else None

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
            self._is_over = True
            if self._display is not None:
                self._display.stop()

    def update(self, change: Callable[[Any], None]) -> None:
        """Change what is shown, now or when it appears; of the changes before that the last one counts."""
        with self._lock:
            self._change = change
            if self._display is not None:
                change(self._display)

    def _appear(self) -> None:
        from rich.console import Console

        display = self._make(Console(stderr=True))
        with self._lock:
            if not self._is_over:
                display.start()
                self._display = display
                if self._change is not None:
                    self._change(display)
