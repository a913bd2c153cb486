"""How the channels of a window meet those of a kernel: by products of matrices, in groups or all together, or
each alone."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layers.windows import Windows


class Way(NamedTuple):
    """How a kernel's channels meet those of a framed image (n, Hf, Wf, C)."""

    correlate: Callable[[Windows, Array, Array, int], Array]
    """Σ kernel · patch:   windows, frame, kernel (kh, kw, C/G, O), G -> (n, H', W', O)."""
    contribute: Callable[[Windows, Array, Array, int], Array]
    """Σ patch ⊗ dy over a sample's positions:   windows, frame, dy (n, H', W', O), G -> (n, kh·kw·C/G, O)."""
    room: Callable[[int, int, int], int]
    """Entries that are worked on for every window, from the kernel's width, channels and filters."""


def way_of(groups: int, channels: int, filters: int) -> Way:
    """Each channel alone where it makes one filter, else by products."""
    return _DEPTHWISE if groups == channels == filters > 1 else _PRODUCTS


def _correlate(windows: Windows, frame: Array, kernel: Array, groups: int) -> Array:
    """Row by row of the kernel: what one row sees is written out once for all of them."""
    height, width, inner, filters = kernel.shape
    weights = kernel.reshape(height, width * inner, groups, -1).transpose(0, 2, 1, 3)
    strips = windows.strips(frame, groups)
    _, samples, rows, columns, entries = strips[0].shape
    y: Array | None = None
    for strip, weight in zip(strips, weights, strict=True):
        part = strip.reshape(groups, samples, rows * columns, entries) @ weight[:, None]
        y = part if y is None else np.add(y, part, out=y)
    assert y is not None
    in_place = y.reshape(groups, samples, rows, columns, -1).transpose(1, 2, 3, 0, 4)
    return in_place.reshape(samples, rows, columns, filters)


def _contribute(windows: Windows, frame: Array, dy: Array, groups: int) -> Array:
    samples, rows, columns, filters = dy.shape
    cotangents = dy.reshape(samples, rows * columns, groups, -1).transpose(2, 0, 1, 3)
    strips = windows.strips(frame, groups)
    entries = strips[0].shape[-1]
    products = np.empty((groups, samples, len(strips), entries, filters // groups), dtype=dy.dtype)
    for row, strip in enumerate(strips):
        of_samples = strip.reshape(groups, samples, rows * columns, entries)
        np.matmul(of_samples.swapaxes(2, 3), cotangents, out=products[:, :, row])
    return products.transpose(1, 2, 3, 0, 4).reshape(samples, len(strips) * entries, filters)


def _correlate_depthwise(windows: Windows, frame: Array, kernel: Array, groups: int) -> Array:
    """Shifted and added; a kernel's row is written out along that of the image, for long runs of memory."""
    seen = windows.of(frame)
    y = np.zeros((*seen.shape[:3], groups), dtype=frame.dtype)
    part = np.empty_like(y)
    for i, row in enumerate(kernel):
        for j, weights in enumerate(row.repeat(y.shape[2], axis=1)):
            y += np.multiply(seen[:, :, :, i, j], weights, out=part)
    return y


def _contribute_depthwise(windows: Windows, frame: Array, dy: Array, groups: int) -> Array:
    seen = windows.of(frame)
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
