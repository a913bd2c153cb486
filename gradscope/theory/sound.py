"""The sound counterpart of a network: the same layers with weights that suit the activations behind them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from gradscope.engine.activations import Activation
from gradscope.engine.initializers import Fans, variance
from gradscope.engine.outline import Law, LayerInfo, Outline
from gradscope.theory.mean_field import critical_variance


def sound(outline: Outline) -> Outline:
    """Every affine layer drawn with the variance that keeps the gradient across it and the activation in
    front of it (the first: behind it), and no biases; nothing else is changed."""
    beside = dict(_activations_in_front(outline))
    first = next((info.name for info in outline.trunk if info.weight is not None), None)
    for name, activation in activations_behind(outline):
        if name == first:
            beside.setdefault(name, activation)
    return replace(outline, layers=tuple(_matched(info, beside.get(info.name)) for info in outline.layers))


def activations_behind(outline: Outline) -> Iterator[tuple[str, Activation]]:
    """Names of affine layers, with the activation that follows with nothing weighted between."""
    for layers in outline.lists.values():
        yield from _followed(layers)


def _activations_in_front(outline: Outline) -> Iterator[tuple[str, Activation]]:
    for layers in outline.lists.values():
        yield from _followed(layers[::-1])


def _followed(layers: Sequence[LayerInfo]) -> Iterator[tuple[str, Activation]]:
    weighted: str | None = None
    for info in layers:
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
    law = _matching(activation, info.weight.fans)
    return info if law is None else info._replace(weight=law, bias=None)


@lru_cache(maxsize=256)
def _matching(activation: Activation | None, fans: Fans) -> Law | None:
    scale = 1.0 if activation is None else critical_variance(activation)
    return None if math.isnan(scale) else Law("variance", variance(scale), fans)
