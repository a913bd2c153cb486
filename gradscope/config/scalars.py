"""What an unquoted YAML scalar means: the core schema of YAML 1.2, with finite numbers. No files, no keys."""

from __future__ import annotations

import math
import re
from typing import Any

from gradscope.config.document import MAX_TEXT
from gradscope.errors import Mistake

# YAML 1.2.2, section 10.3.2 (core schema)
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda text: float(text.replace(".", ""))),
)
_FIRST_OF_NUMBER = frozenset("+-.0123456789")
_LONGEST_INTEGER = 400
"""Digits; one more than any float has, and short of where Python refuses to read them."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Everything that is not printable by YAML 1.2.2, section 5.1."""


def resolve(text: str) -> Any:
    """The value of an unquoted scalar: None, a truth value, a number or the text itself.

    Raises:
        Mistake: the number is not finite.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER:
        return text
    for pattern, number in _NUMBERS:
        if pattern.fullmatch(text):
            is_endless = number is not float and len(text) > _LONGEST_INTEGER
            return finite(math.inf if is_endless else number(text))
    return text


def finite(number: int | float) -> int | float:
    """The number itself.

    Raises:
        Mistake: it is infinite, not a number, or too large for a float.
    """
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if math.isnan(value):
        raise Mistake("a value may not be NaN", "write a number")
    if math.isinf(value):
        raise Mistake("a value may not be infinite or beyond 1.8e308", "write a finite number")
    return number


def clean(text: str) -> str:
    """The text itself.

    Raises:
        Mistake: it is too long, or holds characters that cannot be printed.
    """
    if len(text) > MAX_TEXT:
        raise Mistake(f"a text of {len(text):,} characters is too long", f"at most {MAX_TEXT:,} are read")
    if found := forbidden(text):
        raise Mistake(f"the character U+{ord(found[0]):04X} cannot stand in a text", "remove it")
    return text


def forbidden(text: str) -> re.Match[str] | None:
    """The first character that YAML does not allow."""
    return _FORBIDDEN.search(text)
