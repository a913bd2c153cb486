"""Turns portraits of activations into text, one format a file. Computes nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gradscope.render.options import RenderOptions
    from gradscope.theory.portrait import Portrait

ACTIVATION_RENDERERS: dict[str, str] = {
    "table": "gradscope.render.activations.table",
    "json": "gradscope.render.activations.json_",
    "csv": "gradscope.render.activations.csv_",
    "markdown": "gradscope.render.activations.markdown",
    "html": "gradscope.render.html.activations",
    "svg": "gradscope.render.html.activations_svg",
}
"""Where the `render` of each format lives; loaded when asked for, so that only the table needs rich."""


class Gallery(NamedTuple):
    """The portraits that were asked for."""

    portraits: Sequence[Portrait]
    is_named: bool
    """Whether they were chosen by name; then their curves are shown too."""


Render = Callable[[Gallery, "RenderOptions"], str]


def render(form: str, gallery: Gallery, options: RenderOptions) -> str:
    """The portraits in one of the formats."""
    renderer: Render = import_module(ACTIVATION_RENDERERS[form]).render
    return renderer(gallery, options)
