"""Framed images as rows of pixels one behind the other, where products find windows without any being
written out.

What a row of the kernel sees of a window is one run of memory; that of the next window begins a stride
further on, and so does the first of the row below: windows are the rows of a matrix, but they overlap.
Products take no such matrix, yet they take every k-th of its rows where those lie apart. The few windows over
the end of a row of pixels are multiplied with the others, and read by nobody.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layers.windows import Pair, Windows


class _Layout(NamedTuple):
    """Where pixels and windows lie in a sheet; lengths in pixels."""

    rows: tuple[range, ...]
    """The image's, laid out apart where rows of the kernel are no whole number of strides apart."""
    columns: range
    """The image's: a row, and the padding up to the next one."""
    tall: int
    """Windows along height."""
    wide: int
    """Windows along width."""
    pitch: int
    """The same with those over the end of a row."""
    apart: int
    """Windows from one to the next that does not overlap it."""
    beyond: int
    """Pixels that are read behind the last row."""

    @property
    def windows(self) -> int:
        """Windows up to the last that is within its row."""
        return (self.tall - 1) * self.pitch + self.wide

    @property
    def each(self) -> int:
        """Windows that are that far apart."""
        return -(-self.windows // self.apart)


@lru_cache(maxsize=1024)
def _laid_out(windows: Windows, size: Pair, band: range) -> _Layout:
    (height, width), (down, across) = windows.kernel, windows.stride
    above, left = windows.before
    wide = windows.counts(size)[1]
    seen = (wide - 1) * across + width
    # The zeros before a row do for those behind the row above it.
    common = 0 if windows.circular else max(0, min(left, seen - left - size[1]))
    pitch = -(-(seen - common) // across)
    below = (height - 1) // down
    rows = [
        range(first, first + (len(band) + below) * down, down)
        for first in range(band.start * down - above, band.start * down - above + min(height, down))
    ]
    columns = range(-left, pitch * across - left)
    apart = -(-width // across)
    layout = _Layout(tuple(rows), columns, len(band), wide, pitch, apart, beyond=0)
    end = below * len(columns) + (layout.each * apart - 1) * across + width
    return layout._replace(beyond=max(0, end - len(rows[0]) * len(columns)))


def over_ends(windows: Windows, x: Array, band: range) -> float:
    """Windows over the end of a row that are multiplied for each of those within."""
    layout = _laid_out(windows, (x.shape[1], x.shape[2]), band)
    return layout.pitch / layout.wide - 1.0


class Sheet:
    """What some rows of windows see of images (n, H, W, C), in G groups of channels."""

    def __init__(self, x: Array, windows: Windows, band: range, groups: int):
        samples, height, width, channels = x.shape
        self._kernel, self._stride = windows.kernel, windows.stride
        self._layout = layout = _laid_out(windows, (height, width), band)
        self._pixel = channels // groups
        size = (len(layout.rows[0]), len(layout.columns), self._pixel)
        self._shape = (len(layout.rows), groups, samples, math.prod(size))
        is_whole = layout.rows == (range(height),) and layout.columns == range(width)
        if is_whole and groups == 1 and not layout.beyond and x.flags.c_contiguous:
            self._memory = x
            return
        entries = math.prod(self._shape)
        self._memory = np.zeros(entries + layout.beyond * self._pixel, dtype=x.dtype)
        split = x.reshape(samples, height, width, groups, -1)
        parts = self._memory[:entries].reshape(-1, groups, samples, *size)
        for rows, part in zip(layout.rows, parts, strict=True):
            windows.put(split, rows, layout.columns, part.transpose(1, 2, 3, 0, 4))

    def room(self, filters: int) -> Array:
        """Memory for `products` with that many columns a group."""
        layout = self._layout
        most = max(layout.each * layout.apart, layout.tall * layout.pitch)
        return np.empty((*self._shape[1:3], most, filters), dtype=self._memory.dtype)

    def products(self, row: int, weight: Array, out: Array) -> Array:
        """What a row of the kernel sees of each window times a weight (G, kw·C/G, O/G):
        -> (G, n, H', W', O/G), a view of `out`, which is `room` for it."""
        layout, step = self._layout, self._stride[1] * self._pixel
        shape = (layout.apart, layout.each, self._kernel[1] * self._pixel)
        runs = self._matrices(row, shape, (step, layout.apart * step, 1))
        parts = out[:, :, : layout.each * layout.apart]
        parts = parts.reshape(*out.shape[:2], layout.each, layout.apart, -1).transpose(3, 0, 1, 2, 4)
        np.matmul(runs, weight[:, np.newaxis], out=parts)
        found = out[:, :, : layout.tall * layout.pitch]
        return found.reshape(*out.shape[:2], layout.tall, layout.pitch, -1)[:, :, :, : layout.wide]

    def spaced(self, dy: Array) -> Array:
        """Cotangents (n, H', W', O) with zeros for the windows over the end of a row:
        -> (G, n, windows, O/G)."""
        groups, layout = self._shape[1], self._layout
        samples, *_, filters = dy.shape
        if groups == 1 and layout.wide == layout.pitch:
            return dy.reshape(1, samples, -1, filters)
        out = np.zeros((groups, samples, layout.tall, layout.pitch, filters // groups), dtype=dy.dtype)
        split = dy.reshape(*dy.shape[:3], groups, -1).transpose(3, 0, 1, 2, 4)
        out[:, :, :, : layout.wide] = split
        return out.reshape(groups, samples, -1, filters // groups)[:, :, : layout.windows]

    def sums(self, row: int, dy: Array, out: Array) -> None:
        """Σ over windows of what each place in a row of the kernel sees ⊗ their `spaced` cotangents:
        into (kw, G, n, C/G, O/G)."""
        shape = (self._kernel[1], self._pixel, self._layout.windows)
        seen = self._matrices(row, shape, (self._pixel, 1, self._stride[1] * self._pixel))
        np.matmul(seen, dy, out=out)

    def _matrices(self, row: int, shape: tuple[int, int, int], steps: tuple[int, int, int]) -> Array:
        """Some matrices (N, G, n, ·, ·) that begin where a row of the kernel does, not to be written to;
        given their number and shape, and the entries from one to the next, to its rows and columns."""
        _, groups, samples, entries = self._shape
        below, apart = divmod(row, self._stride[0])
        start = apart * groups * samples * entries + below * len(self._layout.columns) * self._pixel
        strides = (steps[0], samples * entries, entries, *steps[1:])
        size = self._memory.itemsize
        # What `as_strided` does, without its 14 µs a call.
        return np.ndarray(
            (shape[0], groups, samples, *shape[1:]),
            self._memory.dtype,
            self._memory,
            offset=start * size,
            strides=tuple(step * size for step in strides),
        )
