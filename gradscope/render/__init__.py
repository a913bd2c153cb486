"""Turns reports into text, one format a file. Measures and judges nothing, and never prints."""

from __future__ import annotations

from collections.abc import Mapping
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
    "junit": "gradscope.render.junit",
    "sarif": "gradscope.render.sarif",
    "github": "gradscope.render.github",
    "html": "gradscope.render.html.report",
}
"""Where the `render` of each format lives; loaded when asked for, so that only the tables need rich."""

RUN_RENDERERS: dict[str, str] = RENDERERS | {"png": "gradscope.render.png.run"}
"""Those of a run, which has pictures to draw."""

COMPACT_RENDERERS: dict[str, str] = RENDERERS | {
    "table": "gradscope.render.lines",
    "markdown": "gradscope.render.step_summary",
    "html": "gradscope.render.html.check",
}
"""The same for many configs: a line for each, and its findings."""


def render(
    form: str, outcome: Outcome, options: RenderOptions, renderers: Mapping[str, str] = RENDERERS
) -> str | bytes:
    """The outcome in one of the formats: text that ends in a newline unless it is empty, or a picture."""
    renderer: Renderer = import_module(renderers[form]).render
    return renderer(outcome, options)
