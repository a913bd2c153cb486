"""Whether a file among others is a gradscope config: by its top keys, also where they are misspelt.

Better to refuse a stranger's file that looks like a config than to pass over a config with a typing error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gradscope.config.document import Document
from gradscope.config.files import read_bytes
from gradscope.config.source import parse
from gradscope.config.suggest import nearest
from gradscope.errors import Problems

KEYS = ("input", "layers")
"""Every config has both, and no other kind of file usually has one at its top."""

_NEAR = 0.75
_LONGEST = 24
_TOP_KEY = re.compile(r"^(?:\{ ?)?[\"']?([A-Za-z_]\w*)[\"']?[ \t]*:", re.MULTILINE)
"""A key at the beginning of a line, in text that is not YAML."""


def is_config(path: str) -> bool:
    """Whether the file at a path is meant for gradscope; so is one that cannot be read at all."""
    problems = Problems()
    content = read_bytes(path, problems)
    if content is None:
        return True
    text = _text(content)
    document = parse(text, path, problems)
    return _has_keys(_TOP_KEY.findall(text) if document is None else _top_keys(document))


def _text(content: bytes) -> str:
    """Enough of the text to see its keys, whatever its encoding."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "replace")


def _top_keys(document: Document) -> Iterable[str]:
    return document.data if isinstance(document.data, dict) else ()


def _has_keys(keys: Iterable[str]) -> bool:
    """One of both keys, or nearly; or what other tools call them, both of them."""
    found = {key for key in keys if len(key) <= _LONGEST}
    if any(_is_near(key) for key in found):
        return True
    meant = {nearest(key, KEYS) for key in found}
    return meant.issuperset(KEYS)


def _is_near(key: str) -> bool:
    import difflib

    return bool(difflib.get_close_matches(key.lower(), KEYS, n=1, cutoff=_NEAR))
