"""How much memory a network takes, and how what is free is shared among the trials."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from gradscope.engine.layer import Step
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter
from gradscope.engine.weights import Weight
from gradscope.numerals import plural

ARRAYS_A_LAYER = 2
"""An output and what is kept for the way back; slopes and masks are as large as the output."""


_UNITS = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"))


class Needs(NamedTuple):
    """Bytes that the trials of a network take."""

    weights: int
    """All that a trial draws, if it were held."""
    passing: int
    """A trial's batch, the outputs of its layers, and what they keep for the way back."""
    whole: int
    """To draw the dearest of the weights that are drawn whole, for a moment."""
    block: int
    """To draw the dearest block of the others; every thread may be at one."""
    dearest: LayerInfo | None
    """The layer whose weights take most to draw."""

    def besides(self, together: int, jobs: int) -> int:
        """What so many trials side by side take besides the weights they hold."""
        return together * self.passing + max(together * self.whole, max(together, jobs) * self.block)


class Allotment(NamedTuple):
    """How trials share the memory."""

    together: int
    """So many run side by side."""
    hold: int
    """Bytes of its weights that each of them keeps; the others are drawn again."""


def needs_of(steps: Iterable[Step], batch_bytes: int, batch_size: int, dtype: np.dtype[np.floating]) -> Needs:
    """What a network takes whose inputs take `batch_bytes`."""
    found = [*steps]
    infos = [step.info for step in found]
    whole, block = _Drawing(), _Drawing()
    for step in found:
        for weight in step.weights():
            drawing = _Drawing(weight.drawing_bytes, step.info)
            if weight.law.initializer.in_blocks:
                block = max(block, drawing, key=_bytes)
            else:
                whole = max(whole, drawing, key=_bytes)
    return Needs(
        weights=sum(info.parameters for info in infos) * dtype.itemsize,
        passing=batch_bytes + activation_bytes(infos, batch_size, dtype.itemsize),
        whole=whole.bytes,
        block=block.bytes,
        dearest=max(whole, block, key=_bytes).layer,
    )


def activation_bytes(layers: Iterable[LayerInfo], batch_size: int, itemsize: int) -> int:
    """What the outputs of one batch and their caches take, and the room one layer needs while it works."""
    entries = workspace = 0
    for info in layers:
        entries += ARRAYS_A_LAYER * math.prod(info.output_shape) + info.kept
        workspace = max(workspace, info.workspace)
    return (entries * batch_size + workspace) * itemsize


def allot(needs: Needs, *, trials: int, jobs: int, free: int, budget: int) -> Allotment:
    """Share the memory among trials: rather fewer side by side than weights that are drawn again.

    Args:
        needs: of the network.
        trials: to be run.
        jobs: threads there are.
        free: bytes there are.
        budget: bytes of them that held weights may take, in all trials together.
    """

    def allotted(together: int) -> Allotment:
        left = max(0, free - needs.besides(together, jobs))
        return Allotment(together, min(budget, left) // together)

    most = max(1, min(jobs, trials))
    fitting = [n for n in range(most, 0, -1) if needs.besides(n, jobs) <= free] or [1]
    choices = [allotted(together) for together in fitting]
    return next((choice for choice in choices if choice.hold >= needs.weights), choices[0])


def hold_within(steps: Iterable[Step], budget: int) -> None:
    """Say of every weight whether it is held: first those that are dear to draw, then from the input on, as
    far as the budget reaches."""
    homes = (parameter.home for step in steps for parameter in _parameters(step))
    weights = {id(home): home for home in homes if isinstance(home, Weight)}
    for weight in sorted(weights.values(), key=lambda weight: weight.law.initializer.in_blocks):
        weight.held = weight.held_bytes <= budget
        budget -= weight.held_bytes if weight.held else 0


def _parameters(step: Step) -> Iterable[Parameter]:
    return step.own_parameters().values()


class _Drawing(NamedTuple):
    """What it takes to draw a weight of a layer."""

    bytes: int = 0
    layer: LayerInfo | None = None


def _bytes(drawing: _Drawing) -> int:
    return drawing.bytes


def byte_words(size: float) -> str:
    """1.5 GB, 30 MB, 12 kB, 232 bytes."""
    if size < 1e6:
        return f"{size / 1e3:.0f} kB" if size >= 1e3 else f"{size:.0f} {plural(round(size), 'byte')}"
    unit, prefix = next((each for each in _UNITS if size >= 0.1 * each[0]), (1e6, "M"))
    return f"{size / unit:.{0 if prefix == 'M' else 1}f} {prefix}B"
