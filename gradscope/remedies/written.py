"""The layers of a config as they are written: where each stands, its kind, and how to change it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gradscope.config.document import Path
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
    """Of the entry; of an option, of its value."""
    kind: str
    """Knobs filled in, aliases resolved."""
    value: Any
    """What is written behind the kind."""
    on_trunk: bool

    @property
    def is_activation(self) -> bool:
        """Whether it is an activation."""
        return self.kind in ACTIVATION.entries

    @property
    def options(self) -> Mapping[str, Any]:
        """What is written as a mapping of options."""
        return self.value if isinstance(self.value, dict) else {}


class Written:
    """A config's plain data and what its knobs stand for."""

    def __init__(self, data: Any, params: Mapping[str, Any]) -> None:
        self.data = data
        self.params = params
        self.items = tuple(self._items(data["layers"], ("layers",), True))

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

    def options_path(self, item: Item) -> Path:
        """Where a layer's options stand."""
        return (*item.path, item.kind)

    def _items(self, layers: Any, path: Path, on_trunk: bool) -> Iterator[Item]:
        for number, entry in enumerate(layers if isinstance(layers, list) else ()):
            here: Path = (*path, number)
            if isinstance(entry, str):
                yield Item(here, self._kind(entry), None, on_trunk)
            elif isinstance(entry, dict) and "repeat" in entry:
                yield from self._items(entry.get("layers"), (*here, "layers"), on_trunk)
            elif isinstance(entry, dict) and len(entry) == 1:
                yield from self._layer(*next(iter(entry.items())), here, on_trunk)

    def _layer(self, key: str, value: Any, here: Path, on_trunk: bool) -> Iterator[Item]:
        yield Item(here, self._kind(key), value, on_trunk)
        if key in ("residual", "concat"):
            if isinstance(value, dict):
                for part in ("layers", "shortcut"):
                    yield from self._items(value.get(part), (*here, key, part), False)
            else:
                yield from self._items(value, (*here, key), False)
        elif isinstance(value, dict) and isinstance(value.get("activation"), str):
            yield Item((*here, key, "activation"), self._kind(value["activation"]), None, on_trunk)

    def _kind(self, text: str) -> str:
        kind = str(self.resolved(text))
        return str(ACTIVATION.resolved(kind))
