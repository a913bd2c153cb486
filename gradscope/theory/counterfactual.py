"""What a network's gradient would do if one thing about it were right, then the next: how many decades of its
loss each explains."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import Struct

from gradscope.engine.outline import LayerInfo, Outline
from gradscope.theory.forward import input_level
from gradscope.theory.level import Level
from gradscope.theory.prediction import Prediction, predict
from gradscope.theory.sound import sound


class Situation(Struct, frozen=True):
    """A network and what it is shown."""

    outline: Outline
    inputs: Level


class Share(Struct, frozen=True):
    """What one cause adds to log10 of first over last."""

    cause: str
    decades: float


def _with_scaled_input(at: Situation) -> Situation:
    """Entries of mean 0 and mean square 1, samples as alike as they are about their mean."""
    mean, variance = at.inputs.mean, at.inputs.variance
    if not variance > 0.0:
        return at
    pair = (at.inputs.pair - mean * mean) / variance
    return Situation(at.outline, Level(0.0, 1.0, pair, at.inputs.deviation))


def _with_matched_init(at: Situation) -> Situation:
    return Situation(sound(at.outline), at.inputs)


def _without_normalisation(at: Situation) -> Situation:
    return _with_layers(at, lambda info: info.normalizes is not None, normalizes=None, rearranges=True)


def _with_scaled_branches(at: Situation) -> Situation:
    """Branches times 1/√L, L residual blocks in a row (Hayou et al. 2021)."""
    blocks = sum(_adds(info) and not info.scope for info in at.outline.layers)
    return _with_layers(at, _adds, scale=1.0 / math.sqrt(max(blocks, 1)))


def _adds(info: LayerInfo) -> bool:
    return info.container and not info.joins


def _with_layers(at: Situation, which: Callable[[LayerInfo], bool], **facts: Any) -> Situation:
    if not any(which(info) for info in at.outline.layers):
        return at
    layers = tuple(info._replace(**facts) if which(info) else info for info in at.outline.layers)
    return Situation(replace(at.outline, layers=layers), at.inputs)


MENDED: dict[str, Callable[[Situation], Situation]] = {
    "input": _with_scaled_input,
    "init": _with_matched_init,
    "normalisation": _without_normalisation,
    "residual": _with_scaled_branches,
}
"""By cause, first ones first: what is in front is the cause of what is behind."""


def shares(outline: Outline, inputs: Level | None, prediction: Prediction) -> tuple[Share, ...]:
    """What of log10 of first over last goes with each cause, mended one after the other; nothing where theory
    does not reach.

    Args:
        outline: of the network.
        inputs: their moments, where only the data know them.
        prediction: of the network as it is.
    """
    level = inputs or input_level(outline)
    if level is None:
        return ()
    at = Situation(outline, level)
    now = prediction.flow.log10_ratio
    found = []
    for cause, mended in MENDED.items():
        then = now
        if (other := mended(at)) != at:
            at = other
            then = predict(at.outline, at.inputs, settles=False).flow.log10_ratio
        found.append(Share(cause, now - then))
        now = then
    return tuple(found) if all(math.isfinite(share.decades) for share in found) else ()
