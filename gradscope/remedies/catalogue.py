"""The remedies: what each changes, which rules call for it, and where it comes from. Tries and measures
nothing."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from gradscope.config.schema import Config
from gradscope.engine.activations import ACTIVATIONS, Activation
from gradscope.engine.outline import Outline
from gradscope.remedies.changes import Change
from gradscope.remedies.written import NORMS, WEIGHTED, Item, Written
from gradscope.theory.mean_field import gradient_gain

FLOW = frozenset({"GS101", "GS102", "GS103", "GS104", "GS107", "GS302", "GS204", "GS106", "GS403"})
"""Rules about the size of gradients and signals over depth."""


class Situation(Struct, frozen=True):
    """A config that is to be helped, and what is known of it."""

    config: Config
    written: Written
    outline: Outline


class Option(Struct, frozen=True):
    """One way a remedy can be taken."""

    words: str
    changes: tuple[Change, ...]


class Remedy(Struct, frozen=True):
    """One idea of what may help."""

    name: str
    rules: frozenset[str]
    """Rules that call for it."""
    cost: int
    """How much of the network it alters: 0 the data, 1 how it starts, 2 and more what it is."""
    source: str
    options: Callable[[Situation], Iterable[Option]]


def _scaled_inputs(at: Situation) -> Iterator[Option]:
    choice = at.config.batch.inputs
    moments = at.outline.inputs.moments
    if moments is None:
        return
    root3 = round(math.sqrt(3.0), 4)
    scaled: dict[str, Any] = {"uniform": {"uniform": {"low": -root3, "high": root3}}}
    if not 0.01 <= moments(at.outline.input_shape).second <= 100.0:
        to = scaled.get(choice.name, "normal")
        yield Option("standardised inputs", (at.written.set(("batch", "inputs"), to),))


def _zero_biases(at: Situation) -> Iterator[Option]:
    changes = tuple(
        at.written.set((*at.written.options_path(item), "bias_init"), "zeros")
        for item in at.written.items
        if "bias_init" in item.options
    )
    if changes:
        yield Option("bias_init: zeros", changes)


def _initialisers(at: Situation) -> Iterator[Option]:
    for to in ("he_normal", "lecun_normal", "glorot_normal"):
        yield Option(f"init: {to}", _with_init(at, to))


def _orthogonal(at: Situation) -> Iterator[Option]:
    yield Option("init: orthogonal", _with_init(at, "orthogonal"))
    yield Option("init: orthogonal, gain √2", _with_init(at, {"orthogonal": {"gain": 1.4142}}))


def _critical_gain(at: Situation) -> Iterator[Option]:
    activations = {info.activation for info in at.outline.layers if isinstance(info.activation, Activation)}
    for activation in activations:
        scale = critical_scale(activation)
        if scale is not None:
            yield Option(f"init: variance {scale:.4g}", _with_init(at, {"variance": float(f"{scale:.4g}")}))


def critical_scale(activation: Activation) -> float | None:
    """σ_w² at which χ₁ = 1 without biases, by bisection; None where there is none between 0.01 and 100."""
    low, high = math.log(0.01), math.log(100.0)
    if gradient_gain(activation, 0.01, 0.0) > 1.0 or gradient_gain(activation, 100.0, 0.0) < 1.0:
        return None
    for _ in range(30):
        middle = 0.5 * (low + high)
        below = gradient_gain(activation, math.exp(middle), 0.0) < 1.0 - 1e-6
        low, high = (middle, high) if below else (low, middle)
    return math.exp(high)


def _with_init(at: Situation, to: Any) -> tuple[Change, ...]:
    """The initialiser of the whole config, and of the layers that have one of their own."""
    weighted = [item for item in at.written.items if item.kind in WEIGHTED]
    own = [item for item in weighted if "init" in item.options]
    changes = [at.written.set((*at.written.options_path(item), "init"), to) for item in own]
    if len(own) < len(weighted):
        changes.append(at.written.set(("init",), to))
    return _changing(changes)


def _activations(at: Situation) -> Iterator[Option]:
    for to in ("leaky_relu", "relu", "elu", "gelu", "tanh"):
        yield Option(to, _with_activation(at, to))
    yield Option("selu with lecun_normal", (*_with_activation(at, "selu"), *_with_init(at, "lecun_normal")))
    yield Option("relu with he_normal", (*_with_activation(at, "relu"), *_with_init(at, "he_normal")))


def _with_activation(at: Situation, to: str) -> tuple[Change, ...]:
    return _changing([at.written.set(item.path, to) for item in _hidden_activations(at)])


def _hidden_activations(at: Situation) -> list[Item]:
    items = at.written.items
    last = max((number for number, item in enumerate(items) if item.kind in WEIGHTED), default=0)
    return [item for item in items[:last] if item.is_activation and _is_elementwise(item)]


def _is_elementwise(item: Item) -> bool:
    return isinstance(ACTIVATIONS[item.kind](), Activation) and item.kind != "linear"


def _other_norm(at: Situation) -> Iterator[Option]:
    norms = [item for item in at.written.items if item.kind in NORMS]
    for to in ("layer_norm", "rms_norm"):
        changes = _changing([at.written.set(item.path, to) for item in norms])
        yield Option(f"{to} instead of {norms[0].kind}" if norms else to, changes)
    removals = tuple(Change("remove", item.path, was=_entry(item)) for item in norms)
    yield Option("without normalisation", removals)


def _norm(at: Situation) -> Iterator[Option]:
    if any(item.kind in NORMS for item in at.written.items):
        return
    entries = [item for item in _hidden_activations(at) if isinstance(item.path[-1], int)]
    for kind in ("layer_norm", "batch_norm"):
        before = tuple(Change("insert", item.path, kind) for item in entries)
        after = tuple(Change("insert", (*item.path[:-1], int(item.path[-1]) + 1), kind) for item in entries)
        yield Option(f"{kind} before each activation", before)
        yield Option(f"{kind} after each activation", after)


def _branch_scale(at: Situation) -> Iterator[Option]:
    branches = [item for item in at.written.items if item.kind == "residual"]
    count = sum(1 for info in at.outline.layers if info.container and not info.joins)
    if count:
        scale = float(f"{1.0 / math.sqrt(count):.3g}")
        yield Option(f"residual scale {scale} = 1/√{count}", _with_scale(at, branches, scale))
        yield Option("residual scale learned from 0 (ReZero)", _with_scale(at, branches, {"learned": 0.0}))


def _with_scale(at: Situation, branches: list[Item], scale: Any) -> tuple[Change, ...]:
    changes = []
    for item in branches:
        path = at.written.options_path(item)
        if isinstance(item.value, dict):
            changes.append(at.written.set((*path, "scale"), scale))
        else:
            changes.append(Change("wrap", path, {"scale": scale}, item.value))
    return _changing(changes)


def _logits(at: Situation) -> Iterator[Option]:
    items = [item for item in at.written.items if item.on_trunk]
    if items and items[-1].is_activation and items[-1].kind in ("softmax", "sigmoid"):
        last = items[-1]
        if isinstance(last.path[-1], int) and len(last.path) == 2:
            yield Option(f"without the last {last.kind}", (Change("remove", last.path, was=_entry(last)),))


def _useless_biases(at: Situation) -> Iterator[Option]:
    items = at.written.items
    changes = []
    for item, behind in itertools.pairwise(items):
        if item.kind == "dense" and behind.kind == "batch_norm" and item.path[:-1] == behind.path[:-1]:
            path = at.written.options_path(item)
            if isinstance(item.value, dict):
                changes.append(at.written.set((*path, "bias"), False))
            else:
                changes.append(Change("set", path, {"units": item.value, "bias": False}, item.value))
    yield Option("without biases that normalisation cancels", _changing(changes))


def _pre_norm(at: Situation) -> Iterator[Option]:
    blocks = [item for item in at.written.items if item.kind == "transformer_block"]
    changes = [
        at.written.set((*at.written.options_path(item), "norm"), "pre")
        for item in blocks
        if at.written.resolved(item.options.get("norm")) == "post"
    ]
    yield Option("norm: pre", tuple(changes))


def _recurrent(at: Situation) -> Iterator[Option]:
    for item in at.written.items:
        if item.kind == "rnn":
            path = at.written.options_path(item)
            if "recurrent_init" in item.options:
                yield Option(
                    "recurrent_init: orthogonal", (at.written.set((*path, "recurrent_init"), "orthogonal"),)
                )
            yield Option(
                "lstm instead of rnn", (Change("set", item.path, {"lstm": item.value}, {"rnn": item.value}),)
            )
        if item.kind == "lstm" and "forget_bias" in item.options:
            path = (*at.written.options_path(item), "forget_bias")
            yield Option("forget_bias: 1", (at.written.set(path, 1.0),))


def _shallower(at: Situation) -> Iterator[Option]:
    for number, entry in enumerate(at.written.data["layers"]):
        count = (
            at.written.resolved(entry["repeat"]) if isinstance(entry, dict) and "repeat" in entry else None
        )
        if isinstance(count, int):
            for shorter in _shorter(count):
                yield Option(
                    f"{shorter} instead of {count} copies",
                    (at.written.set(("layers", number, "repeat"), shorter),),
                )


def _shorter(count: int) -> list[int]:
    """Counts to try, the largest first."""
    shares = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
    return sorted({max(1, int(count * share)) for share in shares} - {count}, reverse=True)


def _changing(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Without those that change nothing, and none twice, as happens where many places hold one knob."""
    found: dict[Any, Change] = {}
    for change in changes:
        if change.to != change.was:
            found[change.path] = change
    return tuple(found.values())


def _entry(item: Item) -> Any:
    return item.kind if item.value is None else {item.kind: item.value}


CATALOGUE: tuple[Remedy, ...] = (
    Remedy(
        "scaled inputs",
        frozenset({"GS305", "GS202", *FLOW}),
        0,
        "LeCun et al. 1998, section 4.3",
        _scaled_inputs,
    ),
    Remedy("zero biases", frozenset({"GS201", *FLOW}), 1, "Lu et al. 2020, section 4", _zero_biases),
    Remedy(
        "no useless biases", frozenset({"GS303"}), 1, "Ioffe & Szegedy 2015, section 3.2", _useless_biases
    ),
    Remedy(
        "matched initialiser",
        FLOW | {"GS201", "GS202", "GS404"},
        1,
        "He et al. 2015, section 2.2",
        _initialisers,
    ),
    Remedy("critical gain", FLOW | {"GS202"}, 1, "Schoenholz et al. 2017, section 3", _critical_gain),
    Remedy("orthogonal weights", FLOW, 1, "Saxe et al. 2014, section 3", _orthogonal),
    Remedy(
        "branch scale",
        FLOW,
        2,
        "Bachlechner et al. 2021, section 3; Arpit et al. 2019",
        _branch_scale,
    ),
    Remedy("logits", frozenset({"GS304", *FLOW}), 2, "Golik, Doetsch & Ney 2013, section 3", _logits),
    Remedy("pre-norm", FLOW, 2, "Xiong et al. 2020, section 3", _pre_norm),
    Remedy(
        "gates",
        frozenset({"GS108", "GS109", *FLOW}),
        3,
        "Hochreiter & Schmidhuber 1997; Gers et al. 2000",
        _recurrent,
    ),
    Remedy(
        "other activation",
        FLOW | {"GS201", "GS202", "GS306"},
        3,
        "Clevert et al. 2016; Klambauer et al. 2017",
        _activations,
    ),
    Remedy("other normalisation", FLOW, 3, "Ba et al. 2016; Yang et al. 2019", _other_norm),
    Remedy(
        "normalisation",
        FLOW | {"GS201", "GS202"},
        4,
        "Ioffe & Szegedy 2015; Ba et al. 2016",
        _norm,
    ),
    Remedy("shallower", FLOW, 5, "Hanin & Rolnick 2018, section 3", _shallower),
)
"""Every remedy; the search takes them by cost."""
