"""From a path to text: every way in which a file cannot be read, or is no text. Knows nothing of YAML."""

from __future__ import annotations

import codecs
import os

from gradscope.config.document import MAX_FILE
from gradscope.config.scalars import forbidden
from gradscope.errors import Place, Problems, reason_of

_TOO_LARGE = (f"this is larger than {MAX_FILE // 2**20} MB", "a config is a few kilobytes")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_bytes(path: str, problems: Problems) -> bytes | None:
    """The content of a file, at most a little more than what is allowed."""
    place = Place(path)
    try:
        with open(path, "rb") as stream:
            return stream.read(MAX_FILE + 1)
    except FileNotFoundError:
        problems.add(place, "there is no such file", "`gradscope init` writes a starter config")
    except (OSError, ValueError) as error:
        if os.path.isdir(path):
            problems.add(place, "this is a folder", "name a file in it, or use `gradscope check` for folders")
        else:
            problems.add(
                place, f"the file cannot be read: {reason_of(error)}", "check its name and permissions"
            )
    return None


def decode(content: bytes, source: str, problems: Problems) -> str | None:
    """The text of a config file, without a byte order mark."""
    place = Place(source)
    if len(content) > MAX_FILE:
        problems.add(place, *_TOO_LARGE)
    elif content.startswith(_UTF16):
        problems.add(place, "the file is UTF-16, not UTF-8", "save it as UTF-8")
    elif b"\0" in content:
        problems.add(place, "this is a binary file, not YAML text", "name a YAML file")
    else:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            byte = content[error.start]
            problems.add(
                Place(source, line), f"the byte 0x{byte:02X} is not UTF-8 text", "save the file as UTF-8"
            )
    return None


def is_readable(text: str, source: str, problems: Problems) -> bool:
    """Whether the text is short enough and every character of it may stand in a YAML file."""
    if len(text) > MAX_FILE:
        problems.add(Place(source), *_TOO_LARGE)
        return False
    found = forbidden(text)
    if found is None:
        return True
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    fact = f"the character U+{ord(found[0]):04X} cannot stand in YAML"
    problems.add(Place(source, line, column), fact, "remove it, or check that this is a text file")
    return False
