"""A time limit for a block of Python, in any thread of any process."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TooLongError(BaseException):
    """Raised inside a block that is past its limit. No error: whoever handles those is not to handle it."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `TooLongError` in the block once it has taken so long; never when there is no limit.

    It is raised between two steps of Python: a single call into a library is not broken off.
    """
    if seconds is None:
        yield
        return
    limit = _Limit(threading.get_ident())
    timer = threading.Timer(seconds, limit.reach)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        limit.end()


class _Limit:
    """The exception is set at most once, and none is left behind when the block has ended."""

    def __init__(self, thread: int) -> None:
        self._thread = thread
        self._lock = threading.Lock()
        self._is_reached = False
        self._is_over = False

    def reach(self) -> None:
        with self._lock:
            if not self._is_over:
                self._is_reached = True
                _set_exception(self._thread, ctypes.py_object(TooLongError))

    def end(self) -> None:
        with self._lock:
            self._is_over = True
            if self._is_reached:
                _set_exception(self._thread, None)


def _set_exception(thread: int, error: ctypes.py_object[type[BaseException]] | None) -> None:
    """What the thread is to raise at its next step; None takes back what it has not raised yet."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)
