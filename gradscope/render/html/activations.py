"""The page of the activations: their curves, and the table of what is true of them."""

from collections.abc import Iterator

from gradscope.render.activations import Gallery
from gradscope.render.activations.columns import ABOUT, COLUMNS
from gradscope.render.html.markup import text
from gradscope.render.html.page import facts, figures, page, section, table
from gradscope.render.options import RenderOptions
from gradscope.render.pictures.curves import MOST_TOGETHER, curve_pictures
from gradscope.render.pictures.picture import Table


def render(gallery: Gallery, options: RenderOptions) -> str:
    """The whole page; a few that were named are drawn over each other."""
    title = ", ".join(found.name for found in gallery.portraits) if gallery.is_named else "Activations"
    return page(title, _parts(gallery, title), [("curves", "Curves"), ("facts", "Facts")])


def _parts(gallery: Gallery, title: str) -> Iterator[str]:
    together = gallery.is_named and len(gallery.portraits) <= MOST_TOGETHER
    yield text("h1", title)
    yield section("curves", "Curves", [figures(curve_pictures(gallery.portraits, together=together), "c-")])
    heads = ("activation", *(column.head for column in COLUMNS))
    rows = tuple((found.name, *(column.text(found) for column in COLUMNS)) for found in gallery.portraits)
    meanings = facts((column.head, column.meaning) for column in COLUMNS)
    yield section("facts", "Facts", [table(Table(heads, rows), ABOUT), meanings])
