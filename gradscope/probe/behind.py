"""Moves a listener's work into another thread, a few steps behind the pass. Measures nothing itself."""

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
"""Entries of an image layer's output from which on measuring it in a thread of its own pays."""


class Behind:
    """A listener that hands everything it hears to another one, in the follower's thread."""

    def __init__(self, listener: Listener, follower: Follower):
        self._listener = listener
        self._follower = follower

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """Hand a step's output on; nobody changes the array any more, so it may be read later."""
        self._follower.put(lambda: self._listener.output(step, y, cache))

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """Hand the gradient at a step's output on."""
        self._follower.put(lambda: self._listener.gradient(step, dy, gradients))


@contextmanager
def listening(listener: Listener, outline: Outline, samples: int) -> Iterator[Listener]:
    """The listener for one pass, in a thread of its own where one is to spare and that pays."""
    if spare_jobs() and _pays(outline, samples):
        with followed() as follower:
            yield Behind(listener, follower)
    else:
        yield listener


def _pays(outline: Outline, samples: int) -> bool:
    """Of images measuring takes as long as the pass itself, and both hand out many short tasks: beside each
    other they lose less time than one behind the other. Elsewhere the products are what takes long, and are
    handed out themselves (measured)."""
    images = [math.prod(info.output_shape) for info in outline.layers if len(info.output_shape) == 3]
    entries = sum(math.prod(info.output_shape) for info in outline.layers)
    return samples * max(images, default=0) >= WORTH_A_THREAD and 2 * sum(images) > entries
