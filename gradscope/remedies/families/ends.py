"""Remedies at the two ends of a network: inputs of unit size, an output that fits its loss."""

import math
from collections.abc import Iterator
from typing import Any

from gradscope.remedies.changes import Change
from gradscope.remedies.remedy import Option, Situation
from gradscope.remedies.written import Item

_SQUASHING = ("softmax", "sigmoid")

LEAST, MOST = 0.01, 100.0
"""Second moments of inputs that are left alone; the limits of GS305, squared."""


def scaled_inputs(at: Situation) -> Iterator[Option]:
    """Inputs of mean 0 and variance 1, of the same form where it has one."""
    choice = at.config.batch.inputs
    moments = at.outline.inputs.moments
    if at.outline.inputs.is_tokens:
        return
    if choice.name == "file" or moments is None:
        # The data stay what they are, but the first weights see them standardised.
        yield Option("batch_norm in front", (Change("insert", ("layers", 0), "batch_norm"),))
    elif not LEAST <= moments(at.outline.input_shape).second <= MOST:
        root3 = round(math.sqrt(3.0), 4)
        uniform: dict[str, Any] = {"uniform": {"low": -root3, "high": root3}}
        to = uniform if choice.name == "uniform" else "normal"
        yield Option("standardised inputs", (at.written.set(("batch", "inputs"), to),))


def logits(at: Situation) -> Iterator[Option]:
    """The output without what the loss applies itself, or with a loss that does."""
    last = _last(at)
    if last is None:
        return
    removal = Change("remove", last.path, was=last.entry)
    if at.config.loss.name == "mse" and last.kind == "sigmoid":
        loss = at.written.set(("loss",), "binary_cross_entropy")
        yield Option("binary_cross_entropy from logits", (removal, loss))
    yield Option(f"without the last {last.kind}", (removal,))


def _last(at: Situation) -> Item | None:
    """The squashing activation that ends the network; None where none does."""
    last = at.written.items[-1]
    return last if last.on_trunk and last.kind in _SQUASHING else None
