"""How much memory is free: what the system says, and what a container's limit leaves. Knows no network."""

import os
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

HELD_SHARE = 0.5
"""Share of the free memory that weights may take which are held, unless somebody says otherwise."""

UNKNOWN = 1 << 33
"""Where the system says nothing at all."""

GROUPS = "/proc/self/cgroup"
MOUNT = "/sys/fs/cgroup"


class _Version(NamedTuple):
    """How a version of control groups calls its files."""

    controller: str
    limit: str
    used: str
    cached: str
    """In `memory.stat`: pages of files that are given up when somebody needs the room."""


_VERSIONS = (
    _Version("", "memory.max", "memory.current", "inactive_file"),
    _Version("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def available_bytes() -> int:
    """Memory that can be had without swapping, as far as the system says."""
    return min([_of_machine(), *(max(0, left) for left in map(_left, _limited_groups()))])


def held_share(memory: int | None, sharers: int = 1, *, free: int | None = None) -> int:
    """Bytes of held weights for each of so many that work side by side, of all the `memory` they may take, or
    of half of what is free, if that is known already."""
    if memory is None:
        memory = int((available_bytes() if free is None else free) * HELD_SHARE)
    return memory // sharers


def _of_machine() -> int:
    # Some sandboxes say 0, which is no measurement.
    return _value("/proc/meminfo", "MemAvailable:") * 1024 or _physical() or UNKNOWN


def _physical() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0


class _Group(NamedTuple):
    """A control group of this process that has a limit."""

    folder: str
    version: _Version
    limit: int


@cache
def _limited_groups() -> tuple[_Group, ...]:
    """Those whose limit is below what the machine has; inside a container its own stands at the mount."""
    physical = _physical() or UNKNOWN
    found = []
    for version, path in _memberships():
        mount = f"{MOUNT}/{version.controller}".rstrip("/")
        folders = dict.fromkeys((f"{mount}{path}", mount))
        found += [_Group(folder, version, _number(f"{folder}/{version.limit}")) for folder in folders]
    return tuple(group for group in found if 0 < group.limit < physical)


def _memberships() -> Iterator[tuple[_Version, str]]:
    for line in _text(GROUPS).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        yield from ((v, path.rstrip("/")) for v in _VERSIONS if v.controller in controllers.split(","))


def _left(group: _Group) -> int:
    folder, version, limit = group
    return limit - _number(f"{folder}/{version.used}") + _value(f"{folder}/memory.stat", version.cached)


def _number(path: str) -> int:
    """What a file of one number holds; 0 where it says `max`, or is not there."""
    text = _text(path).strip()
    return int(text) if text.isdecimal() else 0


def _value(path: str, key: str) -> int:
    """The number behind a key at the beginning of a line; 0 where there is none."""
    for line in _text(path).splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == key and words[1].isdecimal():
            return int(words[1])
    return 0


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError):
        return ""
