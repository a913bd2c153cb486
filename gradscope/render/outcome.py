"""What one call brought: the reports that a renderer turns into one text."""

from collections.abc import Callable

from msgspec import Struct

from gradscope.render.options import RenderOptions
from gradscope.report import Report


class Outcome(Struct, frozen=True):
    """The reports of the configs that could be diagnosed, in the order of the call."""

    reports: tuple[Report, ...]
    several: bool = False
    """Whether the call was for more than one config, whatever came of them; decides the shape of the JSON."""


Renderer = Callable[[Outcome, RenderOptions], str]
"""Returns the text, with its last newline; never prints, never asks the clock or the terminal."""
