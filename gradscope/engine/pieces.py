"""Large arrays piece by piece: what is done to a few samples at a time stays in cache and runs side by
side."""

from collections.abc import Callable

from gradscope.engine import Array
from gradscope.engine.threads import Result, side_by_side

PIECE_ENTRIES = 1 << 17
"""Of an array: a few such pieces, those of what is computed from them among them, fit into the cache."""

LARGE = 1 << 18
"""Entries from which that pays for handing out the pieces."""

LANES = 4
"""Runs come in multiples of this many, so that two threads, or four, finish together."""


def is_large(x: Array) -> bool:
    """Whether its pieces are worth handing out."""
    return x.size >= LARGE


def pieces_of(x: Array) -> list[slice]:
    """Its samples in runs, the same however many threads there are; in one where it is small."""
    if not is_large(x):
        return [slice(0, len(x))]
    return even_runs(len(x), PIECE_ENTRIES * len(x) // x.size)


def even_runs(count: int, most: int) -> list[slice]:
    """That many things in runs of nearly one length, of `most` at most if that is any; as many runs as keep
    the lanes busy."""
    number = -(-count // max(1, most))
    number = min(count, -(-number // LANES) * LANES)
    return [slice(i * count // number, (i + 1) * count // number) for i in range(number)]


def piece_by_piece(x: Array, task: Callable[[slice], Result]) -> list[Result]:
    """The task for each of them; in the order of the samples."""
    return side_by_side(task, pieces_of(x))


def in_runs(rows: Array, task: Callable[[Array], Result]) -> list[Result]:
    """What the task finds of each run of the columns of rows (N, E); of all of them where there are few."""
    if not is_large(rows):
        return [task(rows)]
    runs = even_runs(rows.shape[1], PIECE_ENTRIES // len(rows))
    return side_by_side(lambda run: task(rows[:, run]), runs)
