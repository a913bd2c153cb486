"""A config with other widths: overrides for all of its weighted layers but the head."""

from pathlib import Path
from typing import Any

from gradscope.config.schema import LAYERS
from gradscope.config.source import parse
from gradscope.errors import Problems

WIDTHS = ("units", "filters")
"""Options that say how wide a layer is."""


def resized(file: Path, factor: float) -> dict[str, Any]:
    """The paths of all widths inside, or their knobs, each times the factor; the head stays, and the input unless
    a knob joins them."""
    document = parse(file.read_text(encoding="utf-8"), str(file), Problems())
    assert document is not None
    params = document.data.get("params", {})
    found: dict[str, Any] = {}

    def scale(value: Any, path: str) -> None:
        knob = value[2:-1] if isinstance(value, str) else None
        found[knob or path] = round((params[knob] if knob else value) * factor)

    def visit(node: Any, path: str, *, is_head: bool) -> None:
        if isinstance(node, list):
            for number, entry in enumerate(node):
                visit(entry, f"{path}.{number}", is_head=is_head and number == len(node) - 1)
        elif isinstance(node, dict):
            for kind, value in node.items():
                main = LAYERS[kind].main if kind in LAYERS else None
                if isinstance(value, dict):
                    wide = [
                        option for option in (*WIDTHS, "groups") if option in value and kind != "group_norm"
                    ]
                    for option in [] if is_head else wide:
                        scale(value[option], f"{path}.{kind}.{option}")
                    visit(value, f"{path}.{kind}", is_head=False)
                elif main in WIDTHS and not is_head:
                    scale(value, f"{path}.{kind}")
                elif isinstance(value, list):
                    visit(value, f"{path}.{kind}", is_head=False)

    visit(document.data["layers"], "layers", is_head=True)
    return found
