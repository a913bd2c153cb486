"""Which characters reach the reader: text from outside made safe to show, ASCII in place of our symbols."""

import unicodedata

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
        "’": "'",
    }
)
"""What messages are written with, in ASCII."""
_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that move the cursor, turn the writing direction, or show as nothing."""

SYMBOLS = {
    "∂": "d",
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
    if unicodedata.category(char) in _ESCAPED or not (unicode or char.isascii()):
        return char.encode("unicode_escape").decode("ascii")
    return char
