"""The portraits as a table in GitHub-flavoured Markdown."""

from gradscope.render.activations import Gallery
from gradscope.render.activations.columns import ABOUT, COLUMNS
from gradscope.render.markdown import escaped
from gradscope.render.options import RenderOptions


def render(gallery: Gallery, options: RenderOptions) -> str:
    """All columns; in UTF-8 whatever the terminal."""
    lines = [
        f"| {' | '.join(['activation', *(escaped(column.head) for column in COLUMNS)])} |",
        f"|---|{'---:|' * len(COLUMNS)}",
    ]
    for found in gallery.portraits:
        cells = [found.name, *(column.text(found) for column in COLUMNS)]
        lines.append(f"| {' | '.join(map(escaped, cells))} |")
    return "\n".join([*lines, "", escaped(ABOUT)]) + "\n"
