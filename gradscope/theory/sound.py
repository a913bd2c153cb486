"""The sound counterpart of a network: the same layers with weights that suit the activations behind them."""

import math
from collections.abc import Iterator
from dataclasses import replace

from gradscope.engine.activations import Activation
from gradscope.engine.initializers import variance
from gradscope.engine.outline import Law, LayerInfo, Outline
from gradscope.theory.mean_field import critical_variance


def sound(outline: Outline) -> Outline:
    """Every affine layer drawn with the variance that keeps the gradient behind its activation, and no
    biases; nothing else is changed."""
    behind = dict(activations_behind(outline))
    return replace(outline, layers=tuple(_matched(info, behind.get(info.name)) for info in outline.layers))


def activations_behind(outline: Outline) -> Iterator[tuple[str, Activation]]:
    """Names of affine layers, with the activation that follows with nothing weighted between."""
    for scope in dict.fromkeys(info.scope for info in outline.layers):
        weighted: str | None = None
        for info in outline.siblings(scope):
            if info.weight is not None:
                weighted = info.name if info.is_affine else None
            elif isinstance(info.activation, Activation) and weighted is not None:
                yield weighted, info.activation
                weighted = None
            elif info.container:
                weighted = None


def _matched(info: LayerInfo, activation: Activation | None) -> LayerInfo:
    if info.weight is None or not info.is_affine or info.looks_up or info.weight.is_zero:
        return info
    scale = 1.0 if activation is None else critical_variance(activation)
    if math.isnan(scale):
        return info
    return replace(info, weight=Law("variance", variance(scale), info.weight.fans), bias=None)
