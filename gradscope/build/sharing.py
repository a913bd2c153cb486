"""Parameters used more than once: what the first pass over a shared repeat makes, the later ones take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

Made = TypeVar("Made")


class Sharing:
    """Hands out parameters: new ones, or, inside a later copy of a shared repeat, those of the first copy."""

    def __init__(self) -> None:
        self._recording: list[list[object]] = []
        self._replaying: Iterator[object] | None = None
        self.lost = False
        """Whether a mistake broke off the copy being replayed: what comes next in the record is not what is
        asked for next."""

    def take(self, make: Callable[[], Made]) -> Made:
        """What `make` gives; in a later copy, what it gave at the same place of the first one."""
        made = make() if self._replaying is None else cast(Made, next(self._replaying))
        # What an inner repeat takes again is recorded too: an outer copy takes all of it from one record.
        for record in self._recording:
            record.append(made)
        return made

    def break_off(self) -> None:
        """Note a mistake: a later copy has not taken all that the first one made."""
        self.lost = self._replaying is not None

    @contextmanager
    def first_copy(self) -> Iterator[list[object]]:
        """Record what is made inside the block."""
        record: list[object] = []
        self._recording.append(record)
        try:
            yield record
        finally:
            self._recording.pop()

    @contextmanager
    def later_copy(self, record: list[object]) -> Iterator[None]:
        """Take from the record inside the block."""
        outer = self._replaying
        # Inside a later copy of an outer repeat everything, this record too, comes from the outer one.
        self._replaying = outer if outer is not None else iter(record)
        try:
            yield
        finally:
            self._replaying = outer
            self.lost = self.lost and outer is not None
