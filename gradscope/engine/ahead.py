"""Draws weights while the forward pass is still on its way to them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gradscope.engine.sequence import Sequence
from gradscope.engine.threads import beside, spare_jobs
from gradscope.engine.weights import Weight

WORTH_A_THREAD = 1 << 17
"""Entries of a weight from which threads hinder each other less than they help (measured)."""


@contextmanager
def drawn_ahead(trunk: Sequence) -> Iterator[None]:
    """While the block runs, draw weights that will be held, the last first, if there is a thread to spare.

    The pass draws those it comes to; where both meet, at most one block is drawn twice, to the same bits.
    """
    missing = [*_missing(trunk)] if spare_jobs() else []
    if not missing:
        yield
        return

    def draw(is_over: threading.Event) -> None:
        for weight, number in reversed(missing):
            if is_over.is_set():
                return
            if not weight.is_drawn(number):
                try:
                    weight.block(number)
                except MemoryError:
                    return  # whether the pass has room for it, the pass will say

    with beside(draw):
        yield


def _missing(trunk: Sequence) -> Iterator[tuple[Weight, int]]:
    """The large weights that will be held, block by block, as far as they are not drawn."""
    for step in trunk.walk():
        for weight in step.weights():
            if weight.held and weight.size >= WORTH_A_THREAD and not weight.is_drawn(0):
                yield from ((weight, number) for number in range(len(weight.blocks)))
