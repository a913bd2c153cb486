"""How much memory a network may take: what is free, and what passes through it."""

import os
from collections.abc import Iterable

from gradscope.engine.outline import LayerInfo

ARRAYS_A_LAYER = 2
"""An output and what is kept for the way back; slopes and masks are as large as the output."""


def available_bytes() -> int:
    """Memory that can be had without swapping, as far as the system says."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError, IndexError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 1 << 33


def activation_bytes(layers: Iterable[LayerInfo], batch_size: int, itemsize: int) -> int:
    """What the outputs of one batch and their caches take, and the room one layer needs while it works."""
    entries = workspace = 0
    for info in layers:
        size = 1
        for extent in info.output_shape:
            size *= extent
        entries += size
        workspace = max(workspace, info.workspace)
    return (entries * batch_size * ARRAYS_A_LAYER + workspace) * itemsize
