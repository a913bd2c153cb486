"""Which characters reach the reader: text from outside made safe to show, ASCII in place of our symbols."""

_LETTERS = {"∂": "d", "θ": "p", "φ": "f", "Φ": "F", "′": "'", "–": "-", "×": "x"}
"""What has one ASCII character in its place wherever it stands, so that a quantity has one name."""

SYMBOLS = _LETTERS | {
    "─": "-",
    "→": ">",
    "²": "2",
    "±": "~",
    "≠": "!",
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
}
"""Every symbol the table draws, and the ASCII character, as wide, that stands in for it."""

_IN_WORDS = str.maketrans(
    _LETTERS
    | {
        "…": "...",
        "→": "->",
        "²": "^2",
        "—": "-",
        "−": "-",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "±": "+-",
        "·": "*",
        "√": "sqrt ",
        "³": "^3",
        "Σ": "sum",
        "χ": "chi",
        "₀": "0",
        "₁": "1",
        "’": "'",
    }
)
"""What we write messages and explanations with, in ASCII, where there is room."""

_TO_ASCII = str.maketrans(SYMBOLS)


def to_ascii(text: str) -> str:
    """The same text, as wide, without the table's own symbols."""
    return text.translate(_TO_ASCII)


def legend(text: str, *, unicode: bool = True) -> str:
    """Our own words about a table: its symbols as it shows them, whatever else they hold as in messages."""
    return visible(text if unicode else to_ascii(text), unicode=unicode)


def visible(text: str, *, unicode: bool = True) -> str:
    """Text from a config or a message on one line, every character of it harmless and seen.

    What would steer the terminal or hide is written as an escape; without `unicode`, so is all beyond ASCII.
    """
    if text.isascii() and text.isprintable():
        return text
    if not unicode:
        text = text.translate(_IN_WORDS)
    return "".join(_escaped(char, unicode) for char in text)


def _escaped(char: str, unicode: bool) -> str:
    # Not printable is what moves the cursor, turns the writing direction, or shows as nothing.
    if char.isprintable() and (unicode or char.isascii()):
        return char
    return char.encode("unicode_escape").decode("ascii")
