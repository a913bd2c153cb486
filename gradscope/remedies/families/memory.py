"""Remedies for recurrent layers: recurrent weights at the edge, gates that stay open, cells with gates."""

import math
from collections.abc import Iterator
from typing import Any

from gradscope.engine.activations import ACTIVATIONS, Activation
from gradscope.engine.outline import LayerInfo
from gradscope.remedies.changes import Change
from gradscope.remedies.families.start import critical_scale
from gradscope.remedies.remedy import Option, Situation, changing
from gradscope.remedies.written import Item

_GATED = {"rnn": ("lstm", "gru"), "gru": ("lstm",)}
"""Cells with more memory."""


def recurrent_weights(at: Situation) -> Iterator[Option]:
    """Orthogonal recurrent weights, with the gain that makes up for the slopes of the activation."""
    cells = at.written.of_kind("rnn")
    gains = [gain for item in cells if (gain := _edge_gain(at, item)) is not None]
    for gain in [1.0, *gains[:1]]:
        to: Any = "orthogonal" if gain == 1.0 else {"orthogonal": {"gain": gain}}
        changes = changing([at.written.with_option(item, "recurrent_init", to) for item in cells])
        words = "" if gain == 1.0 else f", gain {gain}"
        yield Option(f"recurrent_init: orthogonal{words}", changes)


def open_gates(at: Situation) -> Iterator[Option]:
    """Forget gates that begin open: a bias of 1, or one for every length of memory up to the sequence's."""
    cells = at.written.of_kind("lstm")
    for words, to in (("1", 1.0), *_chrono(at)):
        changes = changing([at.written.with_option(item, "forget_bias", to) for item in cells])
        changes = tuple(change for change in changes if not _is_default(change))
        yield Option(f"forget_bias: {words}", changes)


def gated(at: Situation) -> Iterator[Option]:
    """A cell with gates in the place of one without, or of one with fewer."""
    kinds = [kind for kind in _GATED if at.written.of_kind(kind)]
    for kind in kinds[:1]:
        cells = at.written.of_kind(kind)
        for to in _GATED[kind]:
            renamed = [Change("rename", (*item.path, item.key), to, kind) for item in cells]
            yield Option(f"{to} instead of {kind}", tuple(renamed))
            for words, bias in _chrono(at) if to == "lstm" else ():
                biases = [at.written.with_option(item, "forget_bias", bias) for item in cells]
                yield Option(f"{to} with forget_bias {words} instead of {kind}", (*biases, *renamed))


def _chrono(at: Situation) -> list[tuple[str, Any]]:
    steps = at.outline.input_shape[0]
    return [(f"chrono {steps}", {"chrono": steps})] if steps >= 2 else []


def _is_default(change: Change) -> bool:
    return change.kind == "wrap" and change.to == {"forget_bias": 1.0}


def _edge_gain(at: Situation, item: Item) -> float | None:
    """The gain at which the slopes and the recurrent weights balance; the input acts like a bias."""
    info = next((info for info in at.outline.layers if info.kind == "rnn"), None)
    activation = _activation(at, item)
    if info is None or activation is None:
        return None
    scale = critical_scale(activation, _drive(at, info))
    return None if scale is None else float(f"{math.sqrt(scale):.3g}")


def _activation(at: Situation, item: Item) -> Activation | None:
    written = at.written.resolved(item.options.get("activation", "tanh"))
    found = ACTIVATIONS[written]() if isinstance(written, str) and written in ACTIVATIONS else None
    return found if isinstance(found, Activation) else None


def _drive(at: Situation, info: LayerInfo) -> float:
    """Variance that inputs of unit size and the bias bring to each unit at each step."""
    law, bias = info.weight, info.bias
    inputs = law.variance * law.fans.fan_in if law is not None else 0.0
    return inputs + (bias.variance if bias is not None else 0.0)
