"""How the channels of a window meet those of a kernel: all together, each alone, or in groups."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array


class Way(NamedTuple):
    """How a kernel's channels meet those of the image."""

    correlate: Callable[[Array, Array, int], Array]
    """Σ kernel · patch:   windows (n, H', W', kh, kw, C), kernel (kh, kw, C/G, O), G -> (n, H', W', O)."""
    contribute: Callable[[Array, Array, int], Array]
    """Σ patch ⊗ dy over a sample's positions:   windows, dy (n, H', W', O), G -> (n, kh·kw·C/G, O)."""


def way_of(groups: int, channels: int, filters: int) -> Way:
    """All channels together, each alone, or in groups."""
    if groups == 1:
        return _FULL
    return _DEPTHWISE if groups == channels == filters else _GROUPED


def rows_of(windows: Array) -> Array:
    """Patches as rows, sample by sample:   (n, H', W', kh, kw, C) -> (n, T, kh·kw·C)."""
    samples, height, width = windows.shape[:3]
    return windows.reshape(samples, height * width, -1)


def _correlate_full(windows: Array, kernel: Array, groups: int) -> Array:
    rows = windows.reshape(windows.shape[0] * windows.shape[1] * windows.shape[2], -1)
    y: Array = (rows @ kernel.reshape(rows.shape[1], -1)).reshape(*windows.shape[:3], -1)
    return y


def _contribute_full(windows: Array, dy: Array, groups: int) -> Array:
    rows = rows_of(windows)
    products: Array = rows.swapaxes(1, 2) @ dy.reshape(*rows.shape[:2], -1)
    return products


def _correlate_depthwise(windows: Array, kernel: Array, groups: int) -> Array:
    height, width = kernel.shape[:2]
    y: Array = windows[:, :, :, 0, 0] * kernel[0, 0, 0]
    part = np.empty_like(y)
    for i, j in list(np.ndindex(height, width))[1:]:
        y += np.multiply(windows[:, :, :, i, j], kernel[i, j, 0], out=part)
    return y


def _contribute_depthwise(windows: Array, dy: Array, groups: int) -> Array:
    height, width, channels = windows.shape[3:]
    products = np.empty((len(dy), height * width, channels), dtype=dy.dtype)
    for tap, (i, j) in enumerate(np.ndindex(height, width)):
        products[:, tap] = np.einsum("nhwc,nhwc->nc", windows[:, :, :, i, j], dy)
    return products


def _correlate_grouped(windows: Array, kernel: Array, groups: int) -> Array:
    rows = _rows_of_groups(windows, groups)
    weight = kernel.reshape(rows.shape[3], groups, -1).swapaxes(0, 1)
    y = rows.reshape(groups, -1, rows.shape[3]) @ weight
    together: Array = y.swapaxes(0, 1).reshape(*windows.shape[:3], -1)
    return together


def _contribute_grouped(windows: Array, dy: Array, groups: int) -> Array:
    rows = _rows_of_groups(windows, groups)
    cotangents = dy.reshape(len(dy), rows.shape[2], groups, -1).transpose(2, 0, 1, 3)
    products = rows.swapaxes(2, 3) @ cotangents
    together: Array = products.transpose(1, 2, 0, 3).reshape(len(dy), rows.shape[3], -1)
    return together


def _rows_of_groups(windows: Array, groups: int) -> Array:
    """Patches as rows, one group of channels after the other:   -> (G, n, T, kh·kw·C/G)."""
    samples, height, width = windows.shape[:3]
    split = windows.reshape(*windows.shape[:5], groups, -1).transpose(5, 0, 1, 2, 3, 4, 6)
    return split.reshape(groups, samples, height * width, -1)


_FULL = Way(_correlate_full, _contribute_full)
_DEPTHWISE = Way(_correlate_depthwise, _contribute_depthwise)
"""One channel in, one out: a product of matrices with a single column each would be all overhead."""
_GROUPED = Way(_correlate_grouped, _contribute_grouped)
