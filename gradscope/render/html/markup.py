"""Elements of HTML and SVG as text: everything that comes from outside is escaped here, and only here."""

import html
import re
from collections.abc import Iterable

from gradscope.render.characters import visible

_UNSAFE = re.compile(r"[^\w.:-]", re.ASCII)


def escaped(text: str) -> str:
    """Text that shows as it is, also in an attribute."""
    return html.escape(visible(text))


def path(words: str) -> str:
    """The name of a file, escaped, which a narrow page breaks behind a folder rather than in a word."""
    return escaped(words).replace("/", "/<wbr/>")


def element(name: str, *inner: str, **attributes: str | float | int | None) -> str:
    """An element around markup that is ready. Attributes: `class_` for class, `aria_label` for aria-label."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(given)}"'
        for key, given in attributes.items()
        if given is not None
    )
    return f"<{name}{words}>{''.join(inner)}</{name}>"


def text(name: str, words: str, **attributes: str | float | int | None) -> str:
    """An element around words, which are escaped."""
    return element(name, escaped(words), **attributes)


def lines(parts: Iterable[str]) -> str:
    """Markup, a part a line."""
    return "\n".join(parts)


def anchor(words: str) -> str:
    """Words as an id and a fragment; different words are different ids."""
    return _UNSAFE.sub(lambda found: f"~{ord(found[0]):x}~", words)


def number(position: float) -> str:
    """A coordinate, as short as it may be."""
    return f"{position:.1f}".rstrip("0").rstrip(".") if position != 0.0 else "0"


def _attribute(given: str | float | int) -> str:
    return number(given) if isinstance(given, float) else escaped(str(given))
