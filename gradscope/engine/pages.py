"""Memory for what is drawn, cut from pieces so large that the system backs them with large pages: to touch
ordinary ones for the first time takes a third as long as to draw what is written to them (measured)."""

import ctypes  # NumPy has imported it
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from gradscope.engine import Array

PIECE = 1 << 24
"""Bytes that are cut up: a few large pages, so that little of them is left over."""

_FROM, _BELOW = 1 << 17, 1 << 22
"""Bytes from which an array costs new pages, and from which it is a piece of its own."""

_LARGE_PAGE = 1 << 21
"""Bytes, and what its place is a multiple of: x86-64's, and arm64's with pages of 4 KiB."""

_ALIGNED = 64

_KEPT = 1 << 29
"""Bytes that were let go and stay with the process, for the next pass."""

_OWN = 1 << 25
"""Bytes from which the GNU C library gives an array pages of its own, the most it can be told."""


def _keep() -> None:
    """Have the GNU C library keep what passes let go (mallopt(3)): of itself it gives all back but 64 MB, and
    every pass touches its pages anew, which takes up to a quarter of its time. Others are not asked."""
    change = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if change is not None:
        change(_MALLOPT["M_MMAP_THRESHOLD"], _OWN)
        change(_MALLOPT["M_TRIM_THRESHOLD"], _KEPT)


_MALLOPT = {"M_TRIM_THRESHOLD": -1, "M_MMAP_THRESHOLD": -3}
"""From malloc.h."""

_keep()


class _Cutting(threading.local):
    """The piece a thread is cutting; what was cut from earlier ones keeps them alive. Each has its own, so
    that a piece is seldom shared by trials, of which one would keep what another has let go."""

    def __init__(self) -> None:
        self.piece = np.empty(0, dtype=np.uint8)
        self.cut = 0
        self.lets_go = False


_cutting = _Cutting()


def room(count: int) -> Array:
    """An array of so many float32 numbers (count,), not set to anything."""
    size = 4 * count
    if _cutting.lets_go or size < _FROM:
        return np.empty(count, dtype=np.float32)
    if size >= _BELOW:
        return _on_large_pages(size).view(np.float32)
    if _cutting.cut + size > _cutting.piece.size:
        _cutting.piece, _cutting.cut = _on_large_pages(PIECE), 0
    part = _cutting.piece[_cutting.cut : _cutting.cut + size]
    _cutting.cut += -(-size // _ALIGNED) * _ALIGNED
    return part.view(np.float32)


def _on_large_pages(size: int) -> Array:
    """So many bytes from a multiple of a large page on: NumPy asks for large pages from 4 MiB on, but the
    system has them at such places only. What is left untouched takes no memory, only addresses."""
    whole = np.empty(size + _LARGE_PAGE, dtype=np.uint8)
    start = -whole.ctypes.data % _LARGE_PAGE
    return whole[start : start + size]


@contextmanager
def let_go() -> Iterator[None]:
    """What is drawn in the block will not be kept: it takes no part of a piece, and memory that is warm from
    the last time."""
    before, _cutting.lets_go = _cutting.lets_go, True
    try:
        yield
    finally:
        _cutting.lets_go = before
