"""A sum whose parts are made side by side and added in a fixed order, so that it has the same bits on any
number of threads."""

import threading

import numpy as np

from gradscope.engine import Array


class OrderedSum:
    """Parts are numbered from 0 and may arrive in any order; few wait where they are begun in theirs."""

    def __init__(self) -> None:
        self._total: Array | None = None
        self._added = 0
        self._waiting: dict[int, Array] = {}
        self._lock = threading.Lock()

    def add(self, number: int, part: Array) -> None:
        """Add a part, and those that waited for it; the first is added to, and must be nobody else's."""
        with self._lock:
            self._waiting[number] = part
            while (following := self._waiting.pop(self._added, None)) is not None:
                self._total = (
                    following if self._total is None else np.add(self._total, following, out=self._total)
                )
                self._added += 1

    @property
    def total(self) -> Array:
        """The sum of all parts, of which there must be one at least."""
        assert self._total is not None
        return self._total
