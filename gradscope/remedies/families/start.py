"""Remedies for how a network starts: the law of its weights, and its biases."""

import itertools
from collections.abc import Iterator
from typing import Any

from gradscope.engine.activations import Activation
from gradscope.engine.outline import LayerInfo, Outline
from gradscope.remedies.changes import Change
from gradscope.remedies.remedy import Option, Situation, changing
from gradscope.remedies.written import WEIGHTED
from gradscope.theory.mean_field import critical_variance

_SCHEMES = ("he", "lecun", "glorot")
_LEAST, _MOST = 0.01, 100.0

_CANCELLED = ("dense", "conv1d", "conv2d")


def zero_biases(at: Situation) -> Iterator[Option]:
    """No bias of the user's own at the start."""
    own = [item for item in at.written.items if "bias_init" in item.options]
    changes = [at.written.with_option(item, "bias_init", "zeros") for item in own]
    yield Option("bias_init: zeros", changing(changes))


def matched(at: Situation) -> Iterator[Option]:
    """The schemes made for ReLU, for SELU, and for tanh; uniform ones where the config's is one."""
    if not scale_matters(at.outline):
        return
    form = "uniform" if at.config.init.name.endswith("_uniform") else "normal"
    for scheme in _SCHEMES:
        to = f"{scheme}_{form}"
        yield Option(f"init: {to}", with_init(at, to))


def orthogonal(at: Situation) -> Iterator[Option]:
    """Weights that keep lengths, and with the gain of a ReLU."""
    if not scale_matters(at.outline):
        return
    yield Option("init: orthogonal", with_init(at, "orthogonal"))
    yield Option("init: orthogonal, gain √2", with_init(at, {"orthogonal": {"gain": 1.4142}}))


def critical_gain(at: Situation) -> Iterator[Option]:
    """The variance at which the gradient neither grows nor fades, for each activation there is."""
    scales = []
    for activation in _activations(at) if scale_matters(at.outline) else ():
        scale = critical_scale(activation, _bias_variance(at))
        if scale is not None and f"{scale:.4g}" not in scales:
            scales.append(f"{scale:.4g}")
    for text in scales:
        yield Option(f"init: variance {text}", with_init(at, {"variance": float(text)}))


def critical_scale(activation: Activation, sigma_b2: float = 0.0) -> float | None:
    """σ_w² at which χ₁ = 1; None where no initialiser would be drawn with it."""
    scale = critical_variance(activation, sigma_b2)
    return scale if _LEAST <= scale <= _MOST else None


def with_init(at: Situation, to: Any) -> tuple[Change, ...]:
    """The initialiser of the whole config, and of the layers that have one of their own."""
    weighted = [item for item in at.written.items if item.kind in WEIGHTED]
    own = [item for item in weighted if "init" in item.options]
    changes = [at.written.with_option(item, "init", to) for item in own]
    if len(own) < len(weighted):
        changes.append(at.written.set(("init",), to))
    return changing(changes)


def scale_matters(outline: Outline) -> bool:
    """Whether some hidden weight has no normalisation right behind it, which would divide its scale out."""
    lists = [[info for info in layers if not info.rearranges] for layers in outline.lists.values()]
    hidden = [pair for layers in lists for pair in itertools.pairwise(layers) if pair[0].weighted]
    return any(behind.normalizes is None for _, behind in hidden)


def useless_biases(at: Situation) -> Iterator[Option]:
    """No bias where the batch's mean is taken out right behind it."""
    changes = []
    for item, behind in itertools.pairwise(at.written.items):
        is_neighbour = item.path[:-1] == behind.path[:-1] and item.is_entry and behind.is_entry
        if is_neighbour and item.kind in _CANCELLED and behind.kind == "batch_norm":
            changes.append(at.written.with_option(item, "bias", False))
    yield Option("without biases that normalisation cancels", changing(changes))


def _activations(at: Situation) -> list[Activation]:
    found = [info.activation for info in at.outline.layers if isinstance(info.activation, Activation)]
    return [*dict.fromkeys(found)]


def _bias_variance(at: Situation) -> float:
    """Of hidden layers, the one most of them have."""
    variances = [_written_bias(info) for info in at.outline.layers if info.weighted]
    return max(set(variances), key=variances.count, default=0.0)


def _written_bias(info: LayerInfo) -> float:
    # PyTorch's own law for biases goes with its law for weights, and the remedy replaces both.
    is_own = info.bias is not None and info.bias.name != "torch_default"
    return info.bias.variance if is_own and info.bias is not None else 0.0
