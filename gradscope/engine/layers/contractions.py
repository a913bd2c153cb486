"""How the channels of a window meet those of a kernel: by products of matrices, in groups or all together, or
each alone."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layers.sheets import Sheet, over_ends
from gradscope.engine.layers.windows import Windows

_WRITING = 4.0
"""What it costs to write an entry of a window out, in multiplications (measured)."""


class Way(NamedTuple):
    """How a kernel's channels meet those of some rows of windows of images (n, H, W, C)."""

    correlate: Callable[[Windows, Array, range, Array, Array], None]
    """Σ kernel · patch:   windows, x, rows, kernel (kh, kw, C/G, O), where to write it (n, H', W', O)."""
    contribute: Callable[[Windows, Array, range, Array, int], Array]
    """Σ patch ⊗ dy over a sample's positions:   windows, x, rows, dy (n, H', W', O), G ->
    (n, kh·kw·C/G, O)."""
    room: Callable[[int, int, int], int]
    """Entries that are worked on for every window, from the kernel's width, channels and filters."""


def way_of(groups: int, channels: int, filters: int) -> Way:
    """Each channel alone where it makes one filter, else by products."""
    return _DEPTHWISE if groups == channels == filters > 1 else _PRODUCTS


def _correlate(windows: Windows, x: Array, band: range, kernel: Array, y: Array) -> None:
    """Row by row of the kernel. Where windows over the ends of rows would be too much work, what one row sees
    is written out once for all of them."""
    height, width, inner, filters = kernel.shape
    groups = x.shape[3] // inner
    weights = kernel.reshape(height, width * inner, groups, -1).transpose(0, 2, 1, 3)
    split = y.reshape(*y.shape[:3], groups, filters // groups).transpose(3, 0, 1, 2, 4)
    if over_ends(windows, x, band) * (filters // groups) >= _WRITING:
        x, band = windows.strips(x, band, groups), range(len(band))
        windows = Windows((height, 1), (windows.stride[0], 1))
    sheet = Sheet(x, windows, band, groups)
    total = sheet.products(0, weights[0], sheet.room(filters // groups))
    if height == 1:
        split[...] = total
        return
    room = sheet.room(filters // groups)
    for row in range(1, height):
        part = sheet.products(row, weights[row], room)
        np.add(total, part, out=split if row == height - 1 else total)


def _contribute(windows: Windows, x: Array, band: range, dy: Array, groups: int) -> Array:
    samples, _, _, filters = dy.shape
    (height, width), inner = windows.kernel, x.shape[3] // groups
    sheet = Sheet(x, windows, band, groups)
    cotangents = sheet.spaced(dy)
    products = np.empty((samples, height, width, inner, groups, filters // groups), dtype=dy.dtype)
    for row in range(height):
        sheet.sums(row, cotangents, products[:, row].transpose(1, 3, 0, 2, 4))
    return products.reshape(samples, -1, filters)


def _correlate_depthwise(windows: Windows, x: Array, band: range, kernel: Array, y: Array) -> None:
    """Shifted and added; a kernel's row is written out along that of the image, for long runs of memory."""
    seen = windows.of(windows.framed(x, band))
    total = np.zeros((*seen.shape[:3], x.shape[3]), dtype=x.dtype)
    part = np.empty_like(total)
    for i, row in enumerate(kernel):
        for j, weights in enumerate(row.repeat(total.shape[2], axis=1)):
            total += np.multiply(seen[:, :, :, i, j], weights, out=part)
    y[...] = total


def _contribute_depthwise(windows: Windows, x: Array, band: range, dy: Array, groups: int) -> Array:
    seen = windows.of(windows.framed(x, band))
    height, width = windows.kernel
    products = np.empty((len(dy), height * width, groups), dtype=dy.dtype)
    for tap, (i, j) in enumerate(np.ndindex(height, width)):
        products[:, tap] = np.einsum("nhwc,nhwc->nc", seen[:, :, :, i, j], dy)
    return products


_PRODUCTS = Way(_correlate, _contribute, room=lambda width, channels, filters: width * channels + 2 * filters)
_DEPTHWISE = Way(
    _correlate_depthwise, _contribute_depthwise, room=lambda width, channels, filters: 6 * channels
)
"""One channel in, one out: a product of matrices with a single column each would be all overhead."""
