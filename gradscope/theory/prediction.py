"""What theory predicts for a network, layer by layer, without drawing it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import msgspec
import numpy as np
from msgspec import Struct

from gradscope.engine.outline import Outline
from gradscope.probe.flow import measure_flow
from gradscope.probe.trace import Flow
from gradscope.theory.backward import Alignment, LayerPrediction, Way, way_back
from gradscope.theory.forward import Forward, Passed, input_level
from gradscope.theory.level import Level
from gradscope.theory.unit import Unit, repeated_unit


class Prediction(Struct, frozen=True, dict=True):
    """A network at infinite width, as far as theory reaches."""

    layers: tuple[LayerPrediction, ...]
    flow: Flow
    unit: Unit | None = None
    """What the network repeats; None where it repeats nothing theory reaches."""
    unreached: str | None = None
    """The first layer theory does not reach, and why; it and those behind it are missing, and ratios are
    relative to the last flow point in front of it."""

    @cached_property
    def expected(self) -> Sequence[tuple[float, float]]:
        """Of each layer the mean of `log10_l2_ratio` over networks of this width, and one network's standard
        deviation from it."""
        return [(layer.log10_expected, layer.log10_std) for layer in self.layers]


@np.errstate(all="ignore")  # what runs away is told by the infinity it ends at
def predict(outline: Outline, inputs: Level | None = None, *, settles: bool = True) -> Prediction:
    """Send the moments forward and the squared gradient back.

    Args:
        outline: what is known of the network.
        inputs: moments of the inputs, in the place of those their distribution has; needed where only the
            data know them.
        settles: whether to follow what the network repeats to its limit.
    """
    try:
        return _predict(outline, inputs, settles)
    except ArithmeticError:  # Python raises where NumPy gives an infinity
        return Prediction((), measure_flow([]), None, "any layer: its moments leave the range of floats")


@np.errstate(all="ignore")
def dead_shares(outline: Outline, inputs: Level | None = None) -> Mapping[str, float]:
    """The share of units that each layer is expected to leave dead on the batch, by name, as far as theory
    reaches. It takes the way forward alone.

    Args:
        outline: what is known of the network.
        inputs: moments of the inputs, as for `predict`.
    """
    level = inputs or input_level(outline)
    try:
        passed = Forward(outline).reached(level)[0] if level is not None else []
    except ArithmeticError:
        return {}
    return dict(_dead(passed))


def _dead(passed: Sequence[Passed]) -> Iterator[tuple[str, float]]:
    for step in passed:
        yield from _dead((*step.inside, *step.beside))
        if step.passage.dead_fraction is not None:
            yield step.info.name, step.passage.dead_fraction


def _predict(outline: Outline, inputs: Level | None, settles: bool) -> Prediction:
    forward = Forward(outline)
    level = inputs or input_level(outline)
    if level is None:
        passed: list[Passed] = []
        unreached: str | None = "the input: only the data know its moments"
    else:
        passed, unreached = forward.reached(level)
    layers = _from_last_flow_point(outline, passed, whole=unreached is None)
    points = {info.name for info in outline.flow_points}
    flow = measure_flow([layer.log10_l2_ratio for layer in layers if layer.name in points])
    unit = repeated_unit(forward, passed) if settles else None
    return Prediction(layers, flow, unit, unreached)


def _from_last_flow_point(
    outline: Outline, trunk: Sequence[Passed], whole: bool
) -> tuple[LayerPrediction, ...]:
    """Layers in forward order, ratios and spreads relative to the last flow point."""
    last = max((number for number, step in enumerate(trunk) if step.info.flow_point), default=len(trunk) - 1)
    rows = outline.batch_size * outline.batch_count
    outputs = trunk[-1].passage.level if whole and trunk else None
    behind = way_back(trunk[last + 1 :], rows, _cotangent(outline, outputs))
    before = way_back(trunk[: last + 1], rows, behind.alignment)
    return (*before.layers, *_relative(behind))


def _cotangent(outline: Outline, outputs: Level | None) -> Alignment:
    """Of the loss's gradients: of K outputs, of which those of a classification sum to zero, cosines have the
    mean square 1/K. Nothing is known of gradients that come from layers theory does not reach."""
    if outputs is None:
        return Alignment()
    count = outline.layers[-1].features
    # The outputs of a typical network, not the mean of a few large ones.
    follows = outline.loss.follows(outputs.second * float(np.exp(outputs.deviation.drift)), count)
    free = max(1.0, count - outline.loss.classes)
    return Alignment(follows * outputs.correlation, 1.0 / free, follows, -follows)


def _relative(behind: Way) -> list[LayerPrediction]:
    """Layers behind the last flow point, seen from it."""
    return [
        msgspec.structs.replace(layer, log10_l2_ratio=layer.log10_l2_ratio - behind.log10)
        for layer in behind.layers
    ]
