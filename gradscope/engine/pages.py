"""Memory for what is drawn, cut from pieces so large that the system backs them with large pages: to touch
ordinary ones for the first time takes a third as long as to draw what is written to them (measured)."""

import threading

import numpy as np

from gradscope.engine import Array

PIECE = 1 << 24
"""Bytes. NumPy asks for large pages from 4 MiB on, and the system has them at multiples of 2 MiB."""

_FROM, _BELOW = 1 << 17, 1 << 22
"""Bytes from which an array costs new pages, and from which NumPy asks for large ones by itself."""

_ALIGNED = 64

_cutting = threading.Lock()
_piece = np.empty(0, dtype=np.uint8)
_cut = 0


def room(count: int) -> Array:
    """An array of so many float32 numbers (count,), not set to anything."""
    size = 4 * count
    if not _FROM <= size < _BELOW:
        return np.empty(count, dtype=np.float32)
    global _piece, _cut  # noqa: PLW0603  the piece being cut; what was cut from earlier ones keeps them alive
    with _cutting:
        if _cut + size > _piece.size:
            _piece, _cut = np.empty(PIECE, dtype=np.uint8), 0
        part = _piece[_cut : _cut + size]
        _cut += -(-size // _ALIGNED) * _ALIGNED
    return part.view(np.float32)
