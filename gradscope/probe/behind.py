"""A listener that is told by another thread, a few steps behind the pass. What it makes of it is its own."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from gradscope.engine import Array
from gradscope.engine.following import Follower, followed
from gradscope.engine.layer import Cache, Gradients, Listener, Step
from gradscope.engine.outline import Outline
from gradscope.engine.signal import Signal
from gradscope.engine.threads import spare_jobs

WORTH_A_THREAD = 1 << 15
"""Entries of a layer's output from which measuring it is."""


class Behind:
    """Has a follower tell a listener."""

    def __init__(self, listener: Listener, follower: Follower):
        self._listener = listener
        self._follower = follower

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """A step's output: nobody changes it any more."""
        self._follower.put(lambda: self._listener.output(step, y, cache))

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """The gradient at a step's output."""
        self._follower.put(lambda: self._listener.gradient(step, dy, gradients))


@contextmanager
def listening(listener: Listener, outline: Outline, samples: int) -> Iterator[Listener]:
    """The listener for one pass; behind it where there is a thread to spare and that pays."""
    if spare_jobs() and _pays(outline, samples):
        with followed(sharing=_works_in_pieces(outline)) as follower:
            yield Behind(listener, follower)
    else:
        yield listener


def _pays(outline: Outline, samples: int) -> bool:
    """Of large arrays measuring takes as long as the pass itself, and two threads with long tasks hinder each
    other less than with many short ones. The steps of a recurrent layer are long tasks already."""
    largest = max((math.prod(info.output_shape) for info in outline.layers), default=0)
    return samples * largest >= WORTH_A_THREAD and all(info.steps == 1 for info in outline.layers)


def _works_in_pieces(outline: Outline) -> bool:
    """Images and sequences are handed out piece by piece, many short tasks; layers of features draw large
    weights and multiply by them, a few long ones that leave room for a third thread (measured)."""
    return any(len(info.output_shape) > 1 for info in outline.layers)
