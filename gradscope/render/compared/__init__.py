"""Turns a comparison into text, one format a file. Compares nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gradscope.comparing.comparison import Comparison
    from gradscope.render.options import RenderOptions

COMPARED_RENDERERS: dict[str, str] = {
    "table": "gradscope.render.compared.table",
    "json": "gradscope.render.compared.json_",
    "csv": "gradscope.render.compared.csv_",
    "markdown": "gradscope.render.compared.markdown",
    "html": "gradscope.render.html.compared",
    "png": "gradscope.render.png.compared",
}
"""Where the `render` of each format lives; loaded when asked for, so that only the table needs rich."""


class Compared(NamedTuple):
    """A comparison, and what of it is to fail the call."""

    comparison: Comparison
    fails_on: tuple[str, ...]
    """The severities that B may not gain."""

    @property
    def is_worse(self) -> bool:
        """Whether B is worse."""
        return self.comparison.is_worse(self.fails_on)


Render = Callable[[Compared, "RenderOptions"], str | bytes]


def render(form: str, found: Compared, options: RenderOptions) -> str | bytes:
    """The comparison in one of the formats."""
    renderer: Render = import_module(COMPARED_RENDERERS[form]).render
    return renderer(found, options)
