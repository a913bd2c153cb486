"""A config's dictionary run by PyTorch in float64: walks the plain data, names layers, keeps every tensor."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from string import ascii_lowercase
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tests.oracle.torch_functions import ACTIVATIONS, LOSSES, NORMS, least_spread
from tests.oracle.torch_sequences import SEQUENCE_LAYERS, SEQUENCE_WEIGHTED, reduces, transformer_layers
from tests.oracle.torch_windows import CONVOLUTIONS, convolved, pooled

MAIN = {
    "dense": "units",
    "conv1d": "filters",
    "conv2d": "filters",
    "max_pool": "size",
    "avg_pool": "size",
    "group_norm": "groups",
    "dropout": "rate",
    "residual": "layers",
    "concat": "layers",
    "leaky_relu": "slope",
    "prelu": "slope",
    "elu": "alpha",
    "celu": "alpha",
    "rnn": "units",
    "lstm": "units",
    "gru": "units",
    "embedding": "units",
    "glu": "units",
    "maxout": "units",
    "attention": "heads",
    "transformer_block": "heads",
    "positional": "form",
}
"""What `kind: value` gives."""

CONTAINERS = ("residual", "concat")
WEIGHTED = ("dense", *CONVOLUTIONS, *SEQUENCE_WEIGHTED)
FOLLOWED = ("dense", *CONVOLUTIONS)
"""Kinds whose `activation` is a layer of its own."""

torch.set_num_threads(1)  # several wait for each other longer than these small arrays take

Options = dict[str, Any]
Address = tuple[int | str, ...]
"""Where a layer stands in the config, with the number of the copy where copies have weights of their own."""


@dataclass
class Seen:
    """One layer of one pass: its input, its output and whose parameters it used."""

    name: str
    kind: str
    options: Options
    x: Tensor
    y: Tensor
    owner: str
    is_flow_point: bool
    table: str
    """Whose weight it used, where that is another layer's than the rest."""
    again: Callable[[Tensor], Tensor]
    """What it gives for another input, a part of the batch for one."""


class Spot(NamedTuple):
    """What a layer is called, whose parameters it uses, and where it stands."""

    name: str
    owner: str
    address: Address


def split(layer: Any) -> tuple[str, Options]:
    """A layer as written: its kind, and its options with the short form written out."""
    if isinstance(layer, str):
        return layer, {}
    if "repeat" in layer:
        return "repeat", dict(layer)
    ((kind, value),) = layer.items()
    if isinstance(value, Mapping):
        return kind, dict(value)
    return kind, {} if value is None else {MAIN[kind]: value}


def has_weights(layers: list[Any]) -> bool:
    """Whether a layer with a weight matrix is among them, at any depth."""
    parts = [split(layer) for layer in layers]
    return any(
        kind in (*WEIGHTED, "transformer_block")
        or has_weights(options.get("layers", []))
        or has_weights(options.get("shortcut", []))
        for kind, options in parts
    )


class Names:
    """Numbers of one list of layers: weighted ones count, others have a letter from the second of a kind."""

    def __init__(self, prefix: str = "", *, on_trunk: bool = False):
        self.on_trunk = on_trunk
        self._prefix = prefix
        self._weighted = 0
        self._seen: Counter[tuple[str, int]] = Counter()

    def next(self, kind: str, *, weighted: bool) -> str:
        self._weighted += weighted
        self._seen[kind, self._weighted] += 1
        again = self._seen[kind, self._weighted] - 1
        return f"{self._prefix}{kind}{self._weighted}{ascii_lowercase[again] if again else ''}"


class TorchNetwork:
    """A config and the parameters that gradscope drew for it, run once on one batch."""

    def __init__(
        self, config: Mapping[str, Any], parameters: Mapping[str, Any], masks: Mapping[str, Any] | None = None
    ):
        self.config = config
        self.parameters = {
            name: torch.tensor(array, dtype=torch.float64, requires_grad=True)
            for name, array in parameters.items()
        }
        self.layers: list[Seen] = []
        self.loss = torch.zeros(())
        self.inputs = torch.zeros(())
        self.least_spread = 1.0
        """Of all values that some layer normalises together."""
        self._masks = {name: torch.tensor(mask, dtype=torch.float64) for name, mask in (masks or {}).items()}
        self._owners: dict[Address, str] = {}
        self._in_head = False
        """Whether what comes next stands behind a global reduction, and no longer counts for the flow."""
        self._makers: dict[str, Callable[[Options, Tensor, Spot], Tensor]] = {
            "dense": self._dense,
            "flatten": lambda options, x, spot: x.reshape(len(x), -1) * 1.0,
            "dropout": lambda options, x, spot: x * self._masks[spot.name],
            "concat": self._concat,
            "residual": self._residual,
            "prelu": self._prelu,
            "conv1d": self._convolution,
            "conv2d": self._convolution,
            **{kind: partial(self._sequence_layer, kind) for kind in SEQUENCE_LAYERS},
            **{kind: partial(self._pool, kind) for kind in ("max_pool", "avg_pool", "global_avg_pool")},
        }

    def run(self, inputs: Any, targets: Any) -> "TorchNetwork":
        """Forward and back; every output keeps its gradient."""
        x = torch.tensor(inputs)
        if x.is_floating_point():
            x = x.double().requires_grad_()
        self.inputs = x
        outputs = self._list(self.config["layers"], x, Names(on_trunk=True), ())
        loss = self.config.get("loss", "cross_entropy")
        ((name, options),) = loss.items() if isinstance(loss, dict) else ((loss, {}),)
        self.loss = LOSSES[name](outputs, torch.tensor(targets), **options)
        self.loss.backward()
        return self

    def _list(self, layers: list[Any], x: Tensor, names: Names, address: Address) -> Tensor:
        for number, layer in enumerate(layers):
            kind, options = split(layer)
            here = (*address, number)
            if kind == "transformer_block":
                x = self._list(transformer_layers(options, x.shape[-1]), x, names, here)
                continue
            if kind != "repeat":
                x = self._layer(layer, x, names, here)
                continue
            for copy in range(options["repeat"]):
                x = self._list(options["layers"], x, names, (*here, "all" if options.get("share") else copy))
        return x

    def _layer(self, layer: Any, x: Tensor, names: Names, address: Address) -> Tensor:
        kind, options = split(layer)
        following = options.pop("activation", None) if kind in FOLLOWED else None
        name = names.next(kind, weighted=has_weights([layer]))
        owner = self._owners.setdefault(address, name)
        again = partial(self._output, kind, options, spot=Spot(name, owner, address))
        y = again(x)
        y.retain_grad()
        counts = kind in (*CONTAINERS, *WEIGHTED) and kind != "embedding"
        is_flow_point = names.on_trunk and not self._in_head and counts
        table = options.get("tied", owner)
        self.layers.append(Seen(name, kind, options, x, y, owner, is_flow_point, table, again))
        if names.on_trunk and reduces(kind, options):
            self._in_head = any(seen.is_flow_point for seen in self.layers)
        return y if following is None else self._layer(following, y, names, (*address, "activation"))

    def _output(self, kind: str, options: Options, x: Tensor, spot: Spot) -> Tensor:
        if kind in self._makers:
            return self._makers[kind](options, x, spot)
        if kind not in NORMS:
            return ACTIVATIONS[kind](x, **options)
        gain, bias = self._parameter(spot, "gain"), self._parameter(spot, "bias")
        extra = {"groups": options["groups"]} if kind == "group_norm" else {}
        self.least_spread = min(self.least_spread, least_spread(kind, x, **extra))
        return NORMS[kind](x, gain, bias, options.get("eps", 1e-5), **extra)

    def _parameter(self, spot: Spot, role: str) -> Tensor | None:
        return self.parameters.get(f"{spot.owner}.{role}")

    def own_parameters(self, owner: str, kind: str) -> dict[str, Tensor]:
        """Those of one layer, under its own names; what is inside of a container is not its own."""
        named = {
            name.removeprefix(f"{owner}."): value
            for name, value in self.parameters.items()
            if name.startswith(f"{owner}.")
        }
        return {name: value for name, value in named.items() if kind not in CONTAINERS or "." not in name}

    def _sequence_layer(self, kind: str, options: Options, x: Tensor, spot: Spot) -> Tensor:
        return SEQUENCE_LAYERS[kind](options, x, self.own_parameters(spot.owner, kind))

    def _dense(self, options: Options, x: Tensor, spot: Spot) -> Tensor:
        if "tied" in options:
            y = x @ self.parameters[f"{options['tied']}.weight"].T
        else:
            y = x @ self.parameters[f"{spot.owner}.weight"]
        bias = self._parameter(spot, "bias")
        return y if bias is None else y + bias

    def _convolution(self, options: Options, x: Tensor, spot: Spot) -> Tensor:
        return convolved(options, x, self.parameters[f"{spot.owner}.weight"], self._parameter(spot, "bias"))

    def _pool(self, kind: str, options: Options, x: Tensor, spot: Spot) -> Tensor:
        return pooled(kind, options, x)

    def _prelu(self, options: Options, x: Tensor, spot: Spot) -> Tensor:
        slope = self._parameter(spot, "slope")
        if slope is None:
            return ACTIVATIONS["prelu"](x, **options)
        return torch.where(x > 0, x, (slope.reshape(-1, 1, 1) if x.ndim == 4 else slope) * x)

    def _concat(self, options: Options, x: Tensor, spot: Spot) -> Tensor:
        branch = self._list(options["layers"], x, Names(f"{spot.name}."), spot.address)
        return torch.cat([x, branch], dim=1 if x.ndim == 4 else -1)

    def _residual(self, options: Options, x: Tensor, spot: Spot) -> Tensor:
        around, shortcut = x, options.get("shortcut")
        if isinstance(shortcut, list):
            names = Names(f"{spot.name}.shortcut.")
            around = self._list(shortcut, x, names, (*spot.address, "shortcut"))
        through = self._list(options["layers"], x, Names(f"{spot.name}."), (*spot.address, "branch"))
        learned = self._parameter(spot, "scale")
        return around + (options.get("scale", 1.0) if learned is None else learned) * through
