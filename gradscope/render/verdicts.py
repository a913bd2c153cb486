"""How a verdict looks where there is room for a single character."""

from msgspec import Struct


class Mark(Struct, frozen=True):
    """One verdict in a map."""

    letter: str
    """Tells it without colours."""
    style: str


MARKS: dict[str, Mark] = {
    "healthy": Mark(".", "black on green"),
    "warning": Mark("!", "black on yellow"),
    "saturated": Mark("s", "black on cyan"),
    "dead": Mark("d", "white on magenta"),
    "vanishing": Mark("v", "bold white on blue"),
    "exploding": Mark("x", "bold white on red"),
    "non_finite": Mark("N", "bold red on black"),
    "failed": Mark("E", "bold black on white"),
}
"""Best first."""
