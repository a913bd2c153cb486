"""How a report is to look: everything a renderer would otherwise have to ask the terminal or the clock."""

from msgspec import Struct


class RenderOptions(Struct, frozen=True, kw_only=True):
    """What the reader's end can show, and how much of the report it wants."""

    width: int = 80
    """Columns of the terminal; nothing is drawn wider, and below 40 it counts as 40."""
    ansi: bool = False
    """Whether styles may be written as escape sequences."""
    color: bool = True
    """Whether styles may have colours; without, bold and dim stay."""
    unicode: bool = True
    """Whether more than ASCII can be shown."""
    all_layers: bool = False
    """A row for every layer, not only for those with weights."""
    full: bool = False
    """Nothing long is folded."""
    quiet: bool = False
    """One line a config."""
    verbose: bool = False
    """Also what the columns mean, and where the numbers come from."""
