"""Large arrays piece by piece: what is done to a few samples at a time stays in cache and runs side by
side.

Sums are made of pieces whose layout never changes. How many of them are looked at with one call does: where
threads have other work, calls on single ones are so short that they wait for each other most of the time.
"""

from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from gradscope.engine import Array
from gradscope.engine.threads import Result, side_by_side, spare_jobs

PIECE_ENTRIES = 1 << 17
"""Of an array: a few such pieces, those of what is computed from them among them, fit into the cache."""

LARGE = 1 << 18
"""Entries of an array from which its sums are made of pieces."""

WORTH_HANDING_OUT = 1 << 20
"""Entries from which threads share them: to wake one and to wait for it takes a tenth of a millisecond, as a
pass over half of them does (measured)."""

TOGETHER = 4
"""Pieces that are looked at with one call at most."""

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


class Stretch(NamedTuple):
    """Neighbouring runs of one length."""

    part: slice
    first: int
    """The number of the first of them."""
    runs: int


def stretches(runs: Sequence[slice], most: int, lanes: int) -> list[Stretch]:
    """As few as keep so many threads busy, of so many runs at most; of one each where their lengths
    differ."""
    lengths = {run.stop - run.start for run in runs}
    number = max(-(-len(runs) // max(1, most)), min(lanes, len(runs)))
    if len(lengths) > 1:
        number = len(runs)
    ends = pairwise(len(runs) * i // number for i in range(number + 1))
    return [Stretch(slice(runs[a].start, runs[b - 1].stop), a, b - a) for a, b in ends]


def _shared(x: Array, runs: Sequence[slice]) -> list[Stretch]:
    """Those of an array, for as many threads as are worth it."""
    return stretches(runs, TOGETHER, spare_jobs() + 1 if x.size >= WORTH_HANDING_OUT else 1)


def is_split(x: Array) -> bool:
    """Whether more than one call looks at its pieces."""
    return is_large(x) and len(_shared(x, pieces_of(x))) > 1


def piece_by_piece(x: Array, task: Callable[[slice], Result]) -> list[Result]:
    """The task for its pieces, some of them at once; in the order of the samples. How many at once depends on
    the threads: for what comes out the same however that is."""
    return side_by_side(lambda stretch: task(stretch.part), _shared(x, pieces_of(x)))


def of_pieces(x: Array, task: Callable[[Stretch], Sequence[Result]]) -> list[Result]:
    """What the task finds of each piece, told several of one length at once."""
    return [*chain.from_iterable(side_by_side(task, _shared(x, pieces_of(x))))]


def of_runs(row: Array, task: Callable[[Array], Sequence[Result]]) -> list[Result]:
    """What the task finds of each run of a large array (E,), given several as the rows of one."""
    runs = even_runs(len(row), PIECE_ENTRIES)

    def find(stretch: Stretch) -> Sequence[Result]:
        return task(row[stretch.part].reshape(stretch.runs, -1))

    return [*chain.from_iterable(side_by_side(find, _shared(row, runs)))]
