"""Recurrence, attention, gates and tokens of the config language in PyTorch: its own functions where it has
them, the definition where it has not."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from tests.oracle.torch_functions import ACTIVATIONS

Options = Mapping[str, Any]
Named = Mapping[str, Tensor]
"""The layer's parameters under its own names."""


# Recurrence

GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def recurrent(kind: str) -> Callable[[Options, Tensor, Named], Tensor]:
    """h of every step, or where each direction arrives; both directions side by side."""

    def run(options: Options, x: Tensor, named: Named) -> Tensor:
        states = directions_of(kind, options, x, named)
        if options.get("return_sequences", True):
            return torch.cat(states, dim=-1)
        return torch.cat([h[:, -1 if number == 0 else 0] for number, h in enumerate(states)], dim=-1)

    return run


def directions_of(kind: str, options: Options, x: Tensor, named: Named) -> list[Tensor]:
    """h (B, T, U) of every direction, in the order of the sequence."""
    if not options.get("bidirectional"):
        return [one_direction(kind, options, x, named)]
    forward, backward = (
        {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}
        for prefix in ("forward.", "backward.")
    )
    behind = one_direction(kind, options, x.flip(1), backward).flip(1)
    return [one_direction(kind, options, x, forward), behind]


def one_direction(kind: str, options: Options, x: Tensor, named: Named) -> Tensor:
    """By PyTorch's own function where φ is tanh, step by step where it has none."""
    units, width = named["recurrent.weight"].shape
    bias = named.get("bias", torch.zeros(width, dtype=x.dtype))
    second = torch.zeros(width - units, dtype=x.dtype)
    second = torch.cat([second, named.get("recurrent.bias", torch.zeros(units, dtype=x.dtype))])
    if options.get("activation", "tanh") != "tanh":
        return stepwise(kind, options, x, named, (bias, second))
    flat = [named["input.weight"].T, named["recurrent.weight"].T, bias, second]
    start = torch.zeros(1, len(x), units, dtype=x.dtype)
    rest = (True, 1, 0.0, True, False, True)  # biases, layers, dropout, training, both ways, batch first
    if kind == "lstm":
        found: Tensor = torch.lstm(x, (start, start), flat, *rest)[0]
        return found
    found = (torch.gru if kind == "gru" else torch.rnn_tanh)(x, start, flat, *rest)[0]
    return found


def stepwise(kind: str, options: Options, x: Tensor, named: Named, biases: tuple[Tensor, Tensor]) -> Tensor:
    """The cells by their definitions, with any φ."""
    phi, (bias, second) = ACTIVATIONS[options["activation"]], biases
    h = c = torch.zeros(len(x), len(named["recurrent.weight"]), dtype=x.dtype)
    states = []
    for step in x.unbind(1):
        z = (step @ named["input.weight"] + bias).chunk(GATES[kind], dim=-1)
        q = (h @ named["recurrent.weight"] + second).chunk(GATES[kind], dim=-1)
        if kind == "rnn":
            h = phi(z[0] + q[0])
        elif kind == "lstm":
            i, f, o = (torch.sigmoid(z[gate] + q[gate]) for gate in (0, 1, 3))
            c = f * c + i * phi(z[2] + q[2])
            h = o * phi(c)
        else:
            reset, update = torch.sigmoid(z[0] + q[0]), torch.sigmoid(z[1] + q[1])
            h = (1.0 - update) * phi(z[2] + reset * q[2]) + update * h
        states.append(h)
    return torch.stack(states, dim=1)


def preactivations_of_rnn(options: Options, x: Tensor, named: Named) -> Tensor:
    """What φ of a plain cell sees at every step, both directions side by side."""
    found = []
    for number, h in enumerate(directions_of("rnn", options, x, named)):
        prefix = ("forward.", "backward.")[number] if options.get("bidirectional") else ""
        before = functional.pad(h, (0, 0, 1, -1) if number == 0 else (0, 0, -1, 1))
        z = x @ named[f"{prefix}input.weight"] + before @ named[f"{prefix}recurrent.weight"]
        found.append(z + named.get(f"{prefix}bias", 0.0))
    return torch.cat(found, dim=-1)


# Attention and gates


def affine(x: Tensor, named: Named, part: str = "") -> Tensor:
    """x W + b of a part of the layer."""
    return x @ named[f"{part}weight"] + named.get(f"{part}bias", 0.0)


def attention(options: Options, x: Tensor, named: Named) -> Tensor:
    """By PyTorch's scaled dot-product attention."""
    query, key, value = (
        affine(x, named, f"{part}.").unflatten(-1, (options["heads"], -1)).transpose(1, 2)
        for part in ("query", "key", "value")
    )
    causal = options.get("causal", False)
    mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
    return affine(mixed.transpose(1, 2).flatten(2), named, "out.")


def glu(options: Options, x: Tensor, named: Named) -> Tensor:
    """A map times an activation of another."""
    gate = ACTIVATIONS[options.get("activation", "sigmoid")](affine(x, named, "gate."))
    return affine(x, named, "value.") * gate


def maxout(options: Options, x: Tensor, named: Named) -> Tensor:
    """The largest of the pieces, which stand one behind the other."""
    return affine(x, named).unflatten(-1, (options.get("pieces", 2), -1)).max(dim=-2).values


# Tokens and steps


def positional(options: Options, x: Tensor, named: Named) -> Tensor:
    """A table, or waves: feature 2i is sin(t/10000^(2i/F)), feature 2i + 1 its cosine."""
    if options.get("form", "learned") == "learned":
        return x + named["table"]
    length, features = x.shape[1:]
    even = torch.arange(features) // 2 * 2
    angles = torch.arange(length, dtype=x.dtype)[:, None] * torch.exp(
        -torch.log(torch.tensor(10000.0, dtype=x.dtype)) * even / features
    )
    return x + torch.where(torch.arange(features) % 2 == 0, torch.sin(angles), torch.cos(angles))


SEQUENCE_LAYERS: dict[str, Callable[[Options, Tensor, Named], Tensor]] = {
    **{kind: recurrent(kind) for kind in GATES},
    "embedding": lambda options, x, named: functional.embedding(x, named["weight"]),
    "positional": positional,
    "attention": attention,
    "glu": glu,
    "maxout": maxout,
    "mean_over_time": lambda options, x, named: x.mean(dim=1),
    "last_step": lambda options, x, named: x[:, -1] * 1.0,
    "first_step": lambda options, x, named: x[:, 0] * 1.0,
    "to_sequence": lambda options, x, named: x.flatten(2).transpose(1, 2) * 1.0,
    "class_token": lambda options, x, named: torch.cat([named["table"].expand(len(x), 1, -1), x], dim=1),
    "transpose": lambda options, x, named: x.transpose(1, 2) * 1.0,
}

SEQUENCE_WEIGHTED = (*GATES, "embedding", "attention", "glu", "maxout")

GATED_BY: dict[str, Callable[[Options, Tensor, Named], Tensor]] = {
    "rnn": preactivations_of_rnn,
    "glu": lambda options, x, named: affine(x, named, "gate."),
}
"""What the activation inside of a layer sees, where the report speaks of its units."""

GATING = {"rnn": "tanh", "glu": "sigmoid"}
"""That activation, unless it is named."""


def reduces(kind: str, options: Options) -> bool:
    """Whether steps or positions are gone behind a layer."""
    if kind in GATES:
        return not options.get("return_sequences", True)
    return kind in ("global_avg_pool", "mean_over_time", "last_step", "first_step")


def transformer_layers(options: Options, features: int) -> list[Any]:
    """A block as the layers it stands for."""
    common = {key: options[key] for key in ("bias", "bias_init") if key in options}
    maps = common | ({"init": options["init"]} if "init" in options else {})
    out = maps | ({"init": options["out_init"]} if "out_init" in options else {})
    units = max(1, round(options.get("mlp_ratio", 4.0) * features))
    activation = options.get("activation", "gelu")
    if options.get("gated"):
        mlp: list[Any] = [{"glu": {"units": units, "activation": activation, **maps}}]
    else:
        mlp = [{"dense": {"units": units, **maps}}, activation]
    given = {key: options[key] for key in ("heads", "causal", "init", "out_init") if key in options}
    branches: list[list[Any]] = [
        [{"attention": {**given, **common}}],
        [*mlp, {"dense": {"units": features, **out}}],
    ]
    norm = options.get("norm_kind", "layer_norm")
    if options.get("norm", "pre") == "pre":
        return [{"residual": {"layers": [norm, *branch]}} for branch in branches]
    return [layer for branch in branches for layer in ({"residual": {"layers": branch}}, norm)]
