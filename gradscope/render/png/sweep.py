"""The sheet of a sweep: its map and its axes."""

from gradscope.render.options import RenderOptions
from gradscope.render.pictures.sweep import sweep_pictures
from gradscope.render.png.sheet import sheet
from gradscope.sweeping.summary import Summary


def render(found: Summary, options: RenderOptions) -> bytes:
    """The whole file."""
    return sheet(f"sweep of {found.name}", (("", picture) for picture in sweep_pictures(found)))
