"""A config's dictionary run by PyTorch in float64: walks the plain data, names the layers, keeps every tensor."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

import torch
from torch import Tensor

from tests.oracle.torch_functions import ACTIVATIONS, LOSSES, NORMS

MAIN = {
    "dense": "units",
    "group_norm": "groups",
    "dropout": "rate",
    "residual": "layers",
    "concat": "layers",
    "leaky_relu": "slope",
    "prelu": "slope",
    "elu": "alpha",
    "celu": "alpha",
}
"""What `kind: value` gives."""

torch.set_num_threads(1)  # several wait for each other longer than these small arrays take

Address = tuple[int | str, ...]
"""Where a layer stands in the config, with the number of the copy where copies have weights of their own."""


@dataclass
class Seen:
    """One layer of one pass: its input, its output and whose parameters it used."""

    name: str
    kind: str
    options: dict[str, Any]
    x: Tensor
    y: Tensor
    owner: str
    is_flow_point: bool


def split(layer: Any) -> tuple[str, dict[str, Any]]:
    """A layer as written: its kind, and its options with the short form written out."""
    if isinstance(layer, str):
        return layer, {}
    if "repeat" in layer:
        return "repeat", layer
    ((kind, value),) = layer.items()
    if isinstance(value, Mapping):
        return kind, dict(value)
    return kind, {} if value is None else {MAIN[kind]: value}


def has_weights(layers: list[Any]) -> bool:
    """Whether a dense layer is among them, at any depth."""
    parts = [split(layer) for layer in layers]
    return any(
        kind == "dense" or has_weights(options.get("layers", [])) or has_weights(options.get("shortcut", []))
        for kind, options in parts
    )


class Names:
    """Numbers of one list of layers: weighted ones count, others take a letter from the second of their kind on."""

    def __init__(self, prefix: str = ""):
        self.prefix = prefix
        self.weighted = 0
        self.seen: Counter[tuple[str, int]] = Counter()

    def next(self, kind: str, *, weighted: bool) -> str:
        self.weighted += weighted
        self.seen[kind, self.weighted] += 1
        again = self.seen[kind, self.weighted]
        return f"{self.prefix}{kind}{self.weighted}" + ("" if again == 1 else ascii_lowercase[again - 1])


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
        self.masks = {name: torch.tensor(mask, dtype=torch.float64) for name, mask in (masks or {}).items()}
        self.layers: list[Seen] = []
        self.loss = torch.zeros(())
        self._owners: dict[Address, str] = {}

    def run(self, inputs: Any, targets: Any) -> "TorchNetwork":
        """Forward and back; every output keeps its gradient."""
        x = torch.tensor(inputs, dtype=torch.float64, requires_grad=True)
        outputs = self._list(self.config["layers"], x, Names(), (), on_trunk=True)
        loss = self.config.get("loss", "cross_entropy")
        ((name, options),) = loss.items() if isinstance(loss, dict) else ((loss, {}),)
        self.loss = LOSSES[name](outputs, torch.tensor(targets), **options)
        self.loss.backward()
        return self

    def _list(
        self, layers: list[Any], x: Tensor, names: Names, address: Address, *, on_trunk: bool = False
    ) -> Tensor:
        for number, layer in enumerate(layers):
            kind, options = split(layer)
            if kind != "repeat":
                x = self._layer(kind, dict(options), x, names, (*address, number), on_trunk)
                continue
            for copy in range(options["repeat"]):
                inner = (*address, number, "all" if options.get("share") else copy)
                x = self._list(options["layers"], x, names, inner, on_trunk=on_trunk)
        return x

    def _layer(
        self, kind: str, options: dict[str, Any], x: Tensor, names: Names, address: Address, on_trunk: bool
    ) -> Tensor:
        following = options.pop("activation", None)
        is_container = kind in ("residual", "concat")
        weighted = has_weights([{kind: options}])
        name = names.next(kind, weighted=weighted)
        owner = self._owners.setdefault((*address, kind), name)
        y = self._output(kind, options, x, name, owner, address)
        y.retain_grad()
        self.layers.append(
            Seen(name, kind, options, x, y, owner, on_trunk and (is_container or kind == "dense"))
        )
        if following is None:
            return y
        after, more = split(following)
        return self._layer(after, more, y, names, (*address, "activation"), on_trunk)

    def _output(
        self, kind: str, options: dict[str, Any], x: Tensor, name: str, owner: str, address: Address
    ) -> Tensor:
        def parameter(role: str) -> Tensor | None:
            return self.parameters.get(f"{owner}.{role}")

        if kind == "dense":
            y = x @ self.parameters[f"{owner}.weight"]
            bias = parameter("bias")
            return y if bias is None else y + bias
        if kind == "flatten":
            return x.reshape(len(x), -1) * 1.0
        if kind == "dropout":
            return x * self.masks[name]
        if kind in NORMS:
            extra = {"groups": options["groups"]} if kind == "group_norm" else {}
            return NORMS[kind](x, parameter("gain"), parameter("bias"), options.get("eps", 1e-5), **extra)
        if kind == "concat":
            branch = self._list(options["layers"], x, Names(f"{name}."), (*address, kind))
            return torch.cat([x, branch], dim=1 if x.ndim == 4 else -1)
        if kind == "residual":
            return self._residual(options, x, name, parameter("scale"), address)
        slope = parameter("slope")
        if slope is not None:
            along = slope.reshape(-1, 1, 1) if x.ndim == 4 else slope
            return torch.where(x > 0, x, along * x)
        return ACTIVATIONS[kind](x, **options)

    def _residual(
        self, options: dict[str, Any], x: Tensor, name: str, learned: Tensor | None, address: Address
    ) -> Tensor:
        shortcut = options.get("shortcut")
        around = x
        if isinstance(shortcut, list):
            around = self._list(shortcut, x, Names(f"{name}.shortcut."), (*address, "shortcut"))
        through = self._list(options["layers"], x, Names(f"{name}."), (*address, "branch"))
        return around + (options.get("scale", 1.0) if learned is None else learned) * through
