"""The curves of a few activations as one SVG, with its style and legend in it."""

from gradscope.errors import Mistake
from gradscope.render.activations import Gallery
from gradscope.render.html.frame import HEIGHT, LEFT, WIDTH
from gradscope.render.html.lines import color_class, draw_lines
from gradscope.render.html.markup import element, number, text
from gradscope.render.html.style import style
from gradscope.render.options import RenderOptions
from gradscope.render.pictures.curves import MOST_TOGETHER, curve_pictures
from gradscope.render.pictures.picture import Line

_HEAD = 30.0
_COLUMNS = 2


def render(gallery: Gallery, options: RenderOptions) -> str:
    """φ above, φ′ below.

    Raises:
        Mistake: there are none, or more than can be told apart.
    """
    drawn = [found for found in gallery.portraits if found.curve is not None]
    if not gallery.is_named or not drawn or len(drawn) > MOST_TOGETHER:
        fact = f"one picture has room for 1 to {MOST_TOGETHER} curves"
        raise Mistake(fact, "name them, as in `gradscope activations relu gelu --format svg`")
    pictures = list(curve_pictures(drawn, together=True))
    rows = -(-len(drawn) // _COLUMNS)
    top = rows * 20.0 + 8.0
    parts = [element("style", style()), element("rect", class_="paper", width="100%", height="100%")]
    parts += [_entry(line, place) for place, line in enumerate(pictures[0].lines)]
    for place, found in enumerate(pictures):
        y = top + place * (HEIGHT + _HEAD)
        parts.append(text("text", found.title, x=LEFT, y=y + 18))
        parts.append(
            draw_lines(found).replace(
                "<svg ", f'<svg y="{number(y + _HEAD - 6)}" height="{number(HEIGHT)}" ', 1
            )
        )
    box = f"0 0 {number(WIDTH)} {number(top + len(pictures) * (HEIGHT + _HEAD))}"
    names = ", ".join(found.name for found in drawn)
    whole = element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=box,
        role="img",
        aria_label=f"φ and φ′ of {names}",
    )
    return whole + "\n"


def _entry(line: Line, place: int) -> str:
    """A line of the legend."""
    row, column = divmod(place, _COLUMNS)
    x, y = LEFT + column * 220.0, 18.0 + row * 20.0
    color = color_class(line, place)
    mark = element("path", class_=f"{color} line", d=f"M{number(x)} {number(y - 4)}h22")
    return mark + text("text", line.name, x=x + 28, y=y)
