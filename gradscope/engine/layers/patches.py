"""The products a convolution is made of, over the patches its kernel sees: forward, back, and towards the weights.

Patches are laid out for a few samples at a time, so that a product is large and its factors stay in cache; they are
made again where they are needed again. Loops go over samples and kernel positions, never over pixels.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layers.windows import Pair, Windows, cut
from gradscope.engine.threads import side_by_side

CHUNK_ENTRIES = 1 << 19
"""Entries of the patches made at once: enough rows for a fast product, few enough for the cache."""


class Way(NamedTuple):
    """How a kernel's channels meet those of the image."""

    correlate: Callable[[Array, Array, int], Array]
    """(windows (n, H', W', kh, kw, C), kernel (kh, kw, C/G, O), G) -> (n, H', W', O)."""
    contribute: Callable[[Array, Array, int], Array]
    """(windows, dy (n, H', W', O), G) -> Σ over the positions of a sample of patch ⊗ dy:   (n, kh·kw·C/G, O)."""


def way_of(groups: int, channels: int, filters: int) -> Way:
    """All channels together, each alone, or in groups."""
    if groups == 1:
        return _FULL
    return _DEPTHWISE if groups == channels == filters else _GROUPED


def correlated(x: Array, kernel: Array, windows: Windows, groups: int) -> Array:
    """y = Σ kernel · patch at every window:   x (B, H, W, C), kernel (kh, kw, C/G, O) -> (B, H', W', O)."""
    counts = windows.counts((x.shape[1], x.shape[2]))
    filters = kernel.shape[3]
    y = np.empty((len(x), *counts, filters), dtype=x.dtype)
    correlate = way_of(groups, x.shape[3], filters).correlate

    def fill(part: slice) -> None:
        y[part] = correlate(windows.of(windows.framed(x[part])), kernel, groups)

    side_by_side(fill, chunks(len(x), counts[0] * counts[1] * kernel.size // filters * groups))
    return y


def spread(dy: Array, kernel: Array, windows: Windows, groups: int, size: Pair) -> Array:
    """The transpose: dx of an image of that size, each dy spread over its window:   (B, H', W', O) -> (B, H, W, C).

    Every pixel (m s + a) is reached by the kernel's positions a, a + s, a + 2s, … alone: for each of the s × s
    phases this is an ordinary correlation of dy with those positions in reverse order.
    """
    channels = kernel.shape[2] * groups
    rows, columns = (
        range(extent + before + after) if windows.circular else range(before, before + extent)
        for extent, before, after in zip(size, windows.before, windows.after, strict=True)
    )
    framed = np.zeros((len(dy), len(rows), len(columns), channels), dtype=dy.dtype)
    phases = [
        (down, across, _reversed(kernel[down.taps, across.taps], groups))
        for down, across in product(
            _phases(rows, windows.kernel[0], windows.stride[0]),
            _phases(columns, windows.kernel[1], windows.stride[1]),
        )
    ]
    correlate = way_of(groups, dy.shape[3], channels).correlate

    def fill(part: slice) -> None:
        for down, across, turned in phases:
            reach = Windows((turned.shape[0], turned.shape[1]))
            seen = reach.of(cut(dy[part], down.reads, across.reads))
            framed[part, down.writes, across.writes] = correlate(seen, turned, groups)

    side_by_side(fill, chunks(len(dy), dy.shape[1] * dy.shape[2] * kernel.size // kernel.shape[2]))
    if not windows.circular:
        return framed
    for axis in (1, 2):
        framed = _folded(framed, axis, size[axis - 1], windows.before[axis - 1])
    return framed


def chunks(samples: int, entries: int) -> list[slice]:
    """Samples that are worked on together, given the entries of one sample's patches; the same for all threads."""
    count = max(1, CHUNK_ENTRIES // max(1, entries))
    return [slice(start, min(start + count, samples)) for start in range(0, samples, count)]


class _Phase(NamedTuple):
    """Pixels of one axis that lie a whole number of strides apart."""

    taps: slice
    """The kernel positions that reach them."""
    reads: range
    """The positions of dy their windows cover."""
    writes: slice
    """Where they lie among the pixels asked for."""


def _phases(pixels: range, kernel: int, stride: int) -> Iterator[_Phase]:
    for phase in range(min(stride, kernel)):
        first = -((phase - pixels.start) // stride)
        last = -((phase - pixels.stop) // stride)
        if last <= first:
            continue
        taps = range(phase, kernel, stride)
        start = first * stride + phase - pixels.start
        yield _Phase(
            slice(phase, kernel, stride), range(first - len(taps) + 1, last), slice(start, len(pixels), stride)
        )


def _reversed(kernel: Array, groups: int) -> Array:
    """The kernel turned round, its inputs as outputs:   (kh, kw, C/G, O) -> (kh, kw, O/G, C)."""
    height, width, inner, filters = kernel.shape
    split = kernel[::-1, ::-1].reshape(height, width, inner, groups, filters // groups)
    return np.ascontiguousarray(split.transpose(0, 1, 4, 3, 2)).reshape(height, width, -1, groups * inner)


def _folded(x: Array, axis: int, extent: int, before: int) -> Array:
    """What lies in a circular padding added to the pixels it is a copy of."""
    moved = x.swapaxes(0, axis)
    total = np.zeros((extent, *moved.shape[1:]), dtype=x.dtype)
    start = 0
    while start < len(moved):
        place = (start - before) % extent
        stop = min(start + extent - place, len(moved))
        total[place : place + stop - start] += moved[start:stop]
        start = stop
    return total.swapaxes(0, axis)


def _rows(windows: Array) -> Array:
    """Patches as rows, sample by sample:   (n, H', W', kh, kw, C) -> (n, T, kh·kw·C)."""
    samples, height, width = windows.shape[:3]
    return windows.reshape(samples, height * width, -1)


def _correlate_full(windows: Array, kernel: Array, groups: int) -> Array:
    rows = windows.reshape(windows.shape[0] * windows.shape[1] * windows.shape[2], -1)
    y: Array = rows @ kernel.reshape(rows.shape[1], -1)
    return y.reshape(*windows.shape[:3], -1)


def _contribute_full(windows: Array, dy: Array, groups: int) -> Array:
    rows = _rows(windows)
    products: Array = rows.swapaxes(1, 2) @ dy.reshape(*rows.shape[:2], -1)
    return products


def _correlate_depthwise(windows: Array, kernel: Array, groups: int) -> Array:
    height, width = kernel.shape[:2]
    y = windows[:, :, :, 0, 0] * kernel[0, 0, 0]
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
    return np.ascontiguousarray(y.swapaxes(0, 1)).reshape(*windows.shape[:3], -1)


def _contribute_grouped(windows: Array, dy: Array, groups: int) -> Array:
    rows = _rows_of_groups(windows, groups)
    cotangents = dy.reshape(len(dy), rows.shape[2], groups, -1).transpose(2, 0, 1, 3)
    products = rows.swapaxes(2, 3) @ cotangents
    return np.ascontiguousarray(products.transpose(1, 2, 0, 3)).reshape(len(dy), rows.shape[3], -1)


def _rows_of_groups(windows: Array, groups: int) -> Array:
    """Patches as rows, one group of channels after the other:   -> (G, n, T, kh·kw·C/G)."""
    samples, height, width = windows.shape[:3]
    split = windows.reshape(*windows.shape[:5], groups, -1).transpose(5, 0, 1, 2, 3, 4, 6)
    return split.reshape(groups, samples, height * width, -1)


_FULL = Way(_correlate_full, _contribute_full)
_DEPTHWISE = Way(_correlate_depthwise, _contribute_depthwise)
"""One channel in, one out: a product of matrices with a single column each would be all overhead."""
_GROUPED = Way(_correlate_grouped, _contribute_grouped)
