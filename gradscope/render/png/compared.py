"""The sheet of a comparison: pictures with both sides in them."""

from gradscope.render.compared import Compared
from gradscope.render.compared.words import conclusion
from gradscope.render.options import RenderOptions
from gradscope.render.pictures.comparison import comparison_pictures
from gradscope.render.png.sheet import sheet


def render(found: Compared, options: RenderOptions) -> bytes:
    """The whole file."""
    comparison = found.comparison
    names = dict.fromkeys(side.report.name for side in (comparison.a, comparison.b))
    title = f"{' → '.join(names)}: {conclusion(found)}"
    return sheet(title, (("", picture) for picture in comparison_pictures(comparison)))
