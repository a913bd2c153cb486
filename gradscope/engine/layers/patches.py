"""What a kernel sees of an image: where its windows lie, and the two products every convolution is made of.

Arrays are channel-last here, (B, H, W, C), because a row of a window is then one run of memory. Loops go over
kernel positions or samples, never over pixels.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gradscope.engine import Array

Pair = tuple[int, int]
"""Along height and width."""

CHUNK_ENTRIES = 1 << 19
"""Entries of the patches made at once: enough rows for a fast product, and few enough to stay in cache."""


class Windows(NamedTuple):
    """Where a kernel's windows lie: its size, its stride, and what is put around the image."""

    kernel: Pair
    stride: Pair = (1, 1)
    before: Pair = (0, 0)
    after: Pair = (0, 0)
    circular: bool = False

    def counts(self, size: Pair) -> Pair:
        """How many windows an image of that size has along each axis; below 1 where none fits."""
        height, width = (
            (extent + before + after - kernel) // stride + 1
            for extent, before, after, kernel, stride in zip(
                size, self.before, self.after, self.kernel, self.stride, strict=True
            )
        )
        return height, width

    def framed(self, x: Array) -> Array:
        """The image with its padding around it."""
        rows, columns = (
            range(-before, extent + after)
            for before, extent, after in zip(self.before, x.shape[1:3], self.after, strict=True)
        )
        return _wrapped(x, rows, columns) if self.circular else cut(x, rows, columns)

    def of(self, frame: Array) -> Array:
        """Every window of a framed image, as a view:   (B, H, W, C) -> (B, H', W', kh, kw, C)."""
        samples, height, width, channels = frame.shape
        counts = Windows(self.kernel, self.stride).counts((height, width))
        of_sample, of_row, of_column, of_channel = frame.strides
        steps = (of_row * self.stride[0], of_column * self.stride[1])
        return as_strided(
            frame,
            (samples, *counts, *self.kernel, channels),
            (of_sample, *steps, of_row, of_column, of_channel),
            writeable=False,
        )


def cut(x: Array, rows: range, columns: range) -> Array:
    """These rows and columns of an image, zero where it has none; contiguous."""
    height, width = x.shape[1:3]
    inside = tuple(
        slice(min(max(0, places.start), extent), max(0, min(extent, places.stop)))
        for places, extent in ((rows, height), (columns, width))
    )
    part = x[:, inside[0], inside[1]]
    if part.shape[1:3] == (len(rows), len(columns)):
        return np.ascontiguousarray(part)
    out = np.zeros((len(x), len(rows), len(columns), x.shape[3]), dtype=x.dtype)
    top, left = inside[0].start - rows.start, inside[1].start - columns.start
    if part.size:
        out[:, top : top + part.shape[1], left : left + part.shape[2]] = part
    return out


def _wrapped(x: Array, rows: range, columns: range) -> Array:
    """These rows and columns of an image that goes on at its other side."""
    tall = x.take(np.asarray(rows) % x.shape[1], axis=1)
    wide: Array = tall.take(np.asarray(columns) % x.shape[2], axis=2)
    return wide


def chunks(samples: int, entries: int) -> list[slice]:
    """Samples that are worked on together, given the entries of one sample's patches; the same for all threads."""
    count = max(1, CHUNK_ENTRIES // max(1, entries))
    return [slice(start, min(start + count, samples)) for start in range(0, samples, count)]
