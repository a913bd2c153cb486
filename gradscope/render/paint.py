"""From styled lines to text: escape sequences where they are wanted, ASCII where it must be."""

from collections.abc import Iterable
from functools import lru_cache

from rich.color import ColorSystem
from rich.style import Style

from gradscope.render.characters import to_ascii
from gradscope.render.options import RenderOptions
from gradscope.render.spans import Line


def paint(lines: Iterable[Line], options: RenderOptions) -> str:
    """One text of all lines. No part of it is read as markup, whatever brackets it holds."""
    paint_span = _painted if options.ansi else _plain
    text = "".join(
        "".join(paint_span(part, style, options.color) for part, style in line).rstrip() + "\n"
        for line in lines
    )
    return text if options.unicode else to_ascii(text)


def _plain(text: str, style: str, color: bool) -> str:
    return text


def _painted(text: str, style: str, color: bool) -> str:
    return _style(style, color).render(text, color_system=ColorSystem.STANDARD) if style else text


@lru_cache(maxsize=64)
def _style(words: str, color: bool) -> Style:
    style = Style.parse(words)
    return style if color else style.without_color
