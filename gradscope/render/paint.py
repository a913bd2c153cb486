"""From styled lines to text: escape sequences where they are wanted, ASCII where it must be."""

from collections.abc import Callable, Iterable
from functools import lru_cache

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
    return _brush(style, color)(text) if style else text


@lru_cache(maxsize=64)
def _brush(words: str, color: bool) -> Callable[[str], str]:
    # Takes 5 ms to import, for which a report without escape sequences need not wait.
    from rich.color import ColorSystem
    from rich.style import Style

    style = Style.parse(words)
    style = style if color else style.without_color
    return lambda text: style.render(text, color_system=ColorSystem.STANDARD)
