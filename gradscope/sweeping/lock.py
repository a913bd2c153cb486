"""One writer a store: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

POLL_SECONDS = 0.2


class WriterLock:
    """An exclusive lock on a file of its own beside the store; whoever comes second waits.

    The store itself cannot be locked like this: others may read it meanwhile, and SQLite has its own locks.
    """

    def __init__(self, path: str, waiting: Callable[[], None]) -> None:
        """Lock the `path`; `waiting` is called once if somebody else holds it."""
        self._path = path
        self._waiting = waiting
        self._handle = -1

    def __enter__(self) -> Self:
        """Wait until the lock is ours.

        Raises:
            OSError: the file cannot be made.
        """
        told = False
        while not self._acquire():
            if not told:
                self._waiting()
                told = True
            time.sleep(POLL_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Removed while it is still locked: who waits for it notices below that it is another file by then.
        if sys.platform == "win32":
            os.close(self._handle)
            return
        if _is_same(self._handle, self._path):
            os.unlink(self._path)
        os.close(self._handle)

    def _acquire(self) -> bool:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        if _is_locked_now(handle) and _is_same(handle, self._path):
            self._handle = handle
            return True
        os.close(handle)
        return False


def _is_same(handle: int, path: str) -> bool:
    """Whether the path still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _is_locked_now(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _is_locked_now(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
