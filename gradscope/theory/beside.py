"""Theory beside the measurement: what was expected of the gradient of each layer, and how far off it is."""

import math
from collections.abc import Sequence

from gradscope.engine.outline import LayerInfo
from gradscope.probe.summary import Expected
from gradscope.theory.prediction import Prediction

VAGUE = 1.5
"""Decades of spread beyond which a prediction, right to first order in 1/width, says nothing."""


def beside(
    prediction: Prediction, layers: Sequence[LayerInfo], log10_l2: Sequence[float]
) -> dict[str, Expected]:
    """By name, of the layers theory reaches; none of them where nothing was measured to compare with.

    Args:
        prediction: of the network.
        layers: of the network, in forward order.
        log10_l2: of the measured gradient at their outputs.
    """
    measured = {info.name: norm for info, norm in zip(layers, log10_l2, strict=True)}
    reached = {layer.name for layer in prediction.layers}
    points = [info.name for info in layers if info.flow_point and info.name in reached]
    if not points:
        return {}
    last = measured[points[-1]]
    found = {}
    for layer, (ratio, std) in zip(prediction.layers, prediction.expected, strict=True):
        expected = last + ratio
        if math.isfinite(expected) and std <= VAGUE:
            off = None if measured[layer.name] == -math.inf else (measured[layer.name] - expected) / std
            found[layer.name] = Expected(expected, std, off, layer.dead_fraction)
    return found
