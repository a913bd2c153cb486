"""A config with other widths: overrides for all of its dense layers but the head."""

from pathlib import Path
from typing import Any

from gradscope.config.source import parse
from gradscope.errors import Problems


def resized(file: Path, factor: float) -> dict[str, Any]:
    """The paths of all widths inside, each times the factor; input and head stay."""
    document = parse(file.read_text(encoding="utf-8"), str(file), Problems())
    assert document is not None
    params = document.data.get("params", {})
    found: dict[str, Any] = {}

    def visit(node: Any, path: str, *, is_head: bool) -> None:
        if isinstance(node, list):
            for number, entry in enumerate(node):
                visit(entry, f"{path}.{number}", is_head=is_head and number == len(node) - 1)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key != "dense":
                    visit(value, f"{path}.{key}", is_head=False)
                elif not is_head:
                    where = f"{path}.dense.units" if isinstance(value, dict) else f"{path}.dense"
                    units = value["units"] if isinstance(value, dict) else value
                    knob = units[2:-1] if isinstance(units, str) else None
                    found[knob or where] = round((params[knob] if knob else units) * factor)

    visit(document.data["layers"], "layers", is_head=True)
    assert found
    return found
