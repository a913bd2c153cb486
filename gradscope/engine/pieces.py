"""Large arrays piece by piece: what is done to a few samples at a time stays in cache and runs side by
side."""

from collections.abc import Callable

from gradscope.engine import Array
from gradscope.engine.threads import Result, side_by_side

PIECE_ENTRIES = 1 << 17
"""Of an array: a few such pieces, those of what is computed from them among them, fit into the cache."""

LARGE = 1 << 19
"""Entries from which that pays for handing out the pieces."""


def pieces_of(x: Array) -> list[slice]:
    """Its samples in runs, the same however many threads there are; in one where it is small."""
    if x.size < LARGE:
        return [slice(0, len(x))]
    count = max(1, PIECE_ENTRIES * len(x) // x.size)
    return [slice(first, min(first + count, len(x))) for first in range(0, len(x), count)]


def piece_by_piece(x: Array, task: Callable[[slice], Result]) -> list[Result]:
    """The task for each of them; in the order of the samples."""
    return side_by_side(task, pieces_of(x))
