"""Turns reports into text, one format a file. Measures and judges nothing, and never prints."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradscope.render.options import RenderOptions
    from gradscope.render.outcome import Outcome, Renderer

RENDERERS: dict[str, str] = {
    "table": "gradscope.render.table",
    "json": "gradscope.render.json_",
    "csv": "gradscope.render.csv_",
    "markdown": "gradscope.render.markdown",
}
"""Where the `render` of each format lives; loaded when asked for, so that only the table needs rich."""


def render(form: str, outcome: Outcome, options: RenderOptions) -> str:
    """The outcome in one of the formats of `RENDERERS`, ending in a newline unless it is empty."""
    renderer: Renderer = import_module(RENDERERS[form]).render
    return renderer(outcome, options)
