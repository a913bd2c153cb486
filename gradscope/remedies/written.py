"""The layers of a config as they are written: where each stands, its kind, and how to change it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gradscope.config.document import Path
from gradscope.config.schema import LAYERS
from gradscope.config.tables import ACTIVATION
from gradscope.remedies.changes import Change, value_at

_ALONE = re.compile(r"\$\{([A-Za-z_]\w*)\}", re.ASCII)

WEIGHTED = frozenset(
    {
        "dense",
        "conv1d",
        "conv2d",
        "rnn",
        "lstm",
        "gru",
        "attention",
        "transformer_block",
        "embedding",
        "maxout",
        "glu",
    }
)
NORMS = frozenset({"batch_norm", "layer_norm", "rms_norm", "group_norm"})


class Item(NamedTuple):
    """One entry of a list of layers, or an activation among a layer's options."""

    path: Path
    """Where the entry stands; of an activation among options, where its value stands."""
    kind: str
    """The kind, its knobs filled in and aliases resolved."""
    key: str
    """The kind as it is written."""
    value: Any
    """What is written behind the kind."""
    on_trunk: bool

    @property
    def is_activation(self) -> bool:
        """Whether it is an activation."""
        return self.kind in ACTIVATION.entries

    @property
    def is_entry(self) -> bool:
        """Whether it stands in a list of layers, and not among a layer's options."""
        return isinstance(self.path[-1], int)

    @property
    def options(self) -> Mapping[str, Any]:
        """What is written as a mapping of options."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def entry(self) -> Any:
        """The whole entry as plain data."""
        return self.key if self.value is None else {self.key: self.value}


class Loop(NamedTuple):
    """A `repeat` of the outermost list."""

    path: Path
    copies: int
    layers: list[Any]


class Written:
    """A config's plain data and what its knobs stand for."""

    def __init__(self, data: Any, params: Mapping[str, Any]) -> None:
        self.data = data
        self.params = params
        self.items = tuple(self._items(data["layers"], ("layers",), True))

    def of_kind(self, *kinds: str) -> list[Item]:
        """The layers of some kinds."""
        return [item for item in self.items if item.kind in kinds]

    @property
    def loops(self) -> list[Loop]:
        """The repeats of the outermost list that use weights of their own in every copy."""
        found = []
        for number, entry in enumerate(self.data["layers"]):
            if isinstance(entry, dict) and "repeat" in entry and not self.resolved(entry.get("share")):
                count, layers = self.resolved(entry["repeat"]), entry.get("layers")
                if isinstance(count, int) and isinstance(layers, list):
                    found.append(Loop(("layers", number), count, layers))
        return found

    def resolved(self, value: Any) -> Any:
        """The value, or that of the knob it is."""
        alone = _ALONE.fullmatch(value) if isinstance(value, str) else None
        return self.params.get(alone[1], value) if alone else value

    def set(self, path: Path, to: Any) -> Change:
        """Set a value; where a knob stands alone and takes a single value, the knob's."""
        was = value_at(self.data, path)
        alone = _ALONE.fullmatch(was) if isinstance(was, str) else None
        if alone and not isinstance(to, dict | list):
            path = ("params", alone[1])
            was = value_at(self.data, path)
        return Change("set", path, to, was)

    def with_option(self, item: Item, name: str, to: Any) -> Change:
        """One more option of a layer, or another value of one it has."""
        path = (*item.path, item.key)
        if isinstance(item.value, dict):
            return self.set((*path, name), to)
        main = LAYERS[item.kind].main
        if item.value is None or main is None:
            return Change("set", item.path, {item.key: {name: to}}, item.entry)
        return Change("wrap", path, {name: to}, item.value, main)

    def _items(self, layers: Any, path: Path, on_trunk: bool) -> Iterator[Item]:
        for number, entry in enumerate(layers if isinstance(layers, list) else ()):
            here: Path = (*path, number)
            if isinstance(entry, str):
                yield Item(here, self._kind(entry), entry, None, on_trunk)
            elif isinstance(entry, dict) and "repeat" in entry:
                yield from self._items(entry.get("layers"), (*here, "layers"), on_trunk)
            elif isinstance(entry, dict) and len(entry) == 1:
                yield from self._layer(*next(iter(entry.items())), here, on_trunk)

    def _layer(self, key: str, value: Any, here: Path, on_trunk: bool) -> Iterator[Item]:
        kind = self._kind(key)
        yield Item(here, kind, key, value, on_trunk)
        if key in ("residual", "concat"):
            if isinstance(value, dict):
                for part in ("layers", "shortcut"):
                    yield from self._items(value.get(part), (*here, key, part), False)
            else:
                yield from self._items(value, (*here, key), False)
        elif isinstance(value, dict) and kind in LAYERS and _has_units(kind):
            yield from self._option(value.get("activation"), (*here, key, "activation"), on_trunk)

    def _option(self, value: Any, path: Path, on_trunk: bool) -> Iterator[Item]:
        if isinstance(value, str):
            yield Item(path, self._kind(value), value, None, on_trunk)
        elif isinstance(value, dict) and len(value) == 1:
            key = next(iter(value))
            yield Item(path, self._kind(key), key, value[key], on_trunk)

    def _kind(self, text: str) -> str:
        kind = str(self.resolved(text))
        return str(ACTIVATION.resolved(kind))


def _has_units(kind: str) -> bool:
    """Whether its `activation` is that of hidden units, not a gate's or a state's."""
    return LAYERS[kind].takes_activation or kind == "transformer_block"
