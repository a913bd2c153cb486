"""Remedies that give hidden units another activation, alone or with the initialiser made for it."""

import itertools
from collections import Counter
from collections.abc import Iterator

from gradscope.engine.activations import ACTIVATIONS, Activation
from gradscope.remedies.changes import Change
from gradscope.remedies.families.start import with_init
from gradscope.remedies.remedy import Option, Situation, changing
from gradscope.remedies.written import WEIGHTED, Item

_ALONE = ("elu", "leaky_relu", "gelu", "relu", "tanh")
_WITH_INIT = (
    ("selu", "lecun_normal"),
    ("relu", "he_normal"),
    ("leaky_relu", "he_normal"),
    ("gelu", "he_normal"),
)
_AFFINE = ("dense", "conv1d", "conv2d")


def other_activation(at: Situation) -> Iterator[Option]:
    """Activations that the same weights may suit better."""
    for to in _ALONE:
        yield Option(f"activation: {to}", with_activation(at, to))


def activation_and_init(at: Situation) -> Iterator[Option]:
    """Activations with the weights made for them."""
    for to, init in _WITH_INIT:
        changes = with_activation(at, to)
        if changes:
            yield Option(f"activation: {to}, init: {init}", (*changes, *with_init(at, init)))


def activation_between(at: Situation) -> Iterator[Option]:
    """A non-linearity between two affine layers that would be one."""
    kinds = Counter(item.kind for item in hidden_activations(at))
    to = kinds.most_common(1)[0][0] if kinds else "relu"
    items = at.written.items
    places = [
        behind.path
        for item, behind in itertools.pairwise(items)
        if item.kind in _AFFINE and behind.kind in _AFFINE and item.path[:-1] == behind.path[:-1]
    ]
    yield Option(f"{to} between", tuple(Change("insert", path, to) for path in places))


def with_activation(at: Situation, to: str) -> tuple[Change, ...]:
    """Every hidden activation replaced."""
    return changing([at.written.set(item.path, to) for item in hidden_activations(at)])


def hidden_activations(at: Situation) -> list[Item]:
    """Elementwise activations before the last weighted layer."""
    items = at.written.items
    last = max((number for number, item in enumerate(items) if item.kind in WEIGHTED), default=0)
    return [item for item in items[:last] if item.is_activation and _is_elementwise(item)]


def _is_elementwise(item: Item) -> bool:
    return isinstance(ACTIVATIONS[item.kind](), Activation) and item.kind != "linear"
