"""Which characters reach the reader: text from outside made safe to show, ASCII in place of our symbols."""

_PLAIN = str.maketrans(
    {
        "…": "...",
        "→": "->",
        "×": "x",
        "²": "^2",
        "∂": "d",
        "–": "-",
        "—": "-",
        "−": "-",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "√": "sqrt ",
        "χ": "chi",
        "φ": "phi",
        "₁": "1",
        "′": "'",
        "’": "'",
    }
)
"""What messages are written with, in ASCII."""

SYMBOLS = {
    "∂": "d",
    "θ": "p",
    "φ": "f",
    "Φ": "F",
    "′": "'",
    "–": "-",
    "─": "-",
    "→": ">",
    "²": "2",
    "±": "~",
    "✗": "x",
    "✓": "+",
    "▲": "!",
    "•": "-",
    "█": "#",
    "▉": "#",
    "▊": "#",
    "▋": "=",
    "▌": "=",
    "▍": "-",
    "▎": "-",
    "▏": "-",
    "▁": "_",
    "▂": "_",
    "▃": "-",
    "▄": "-",
    "▅": "=",
    "▆": "=",
    "▇": "#",
    "×": "x",
}
"""Every symbol the table draws, and the ASCII character, as wide, that stands in for it."""
_TO_ASCII = str.maketrans(SYMBOLS)


def to_ascii(text: str) -> str:
    """The same text, as wide, without the table's own symbols."""
    return text.translate(_TO_ASCII)


def visible(text: str, *, unicode: bool = True) -> str:
    """Text from a config or a message on one line, every character of it harmless and seen.

    What would steer the terminal or hide is written as an escape; without `unicode`, so is all beyond ASCII.
    """
    if text.isascii() and text.isprintable():
        return text
    if not unicode:
        text = text.translate(_PLAIN)
    return "".join(_escaped(char, unicode) for char in text)


def _escaped(char: str, unicode: bool) -> str:
    # Not printable is what moves the cursor, turns the writing direction, or shows as nothing.
    if char.isprintable() and (unicode or char.isascii()):
        return char
    return char.encode("unicode_escape").decode("ascii")
