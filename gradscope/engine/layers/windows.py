"""What a kernel or a pool sees of an image: where its windows lie, and the padding around it. No arithmetic.

Arrays are channel-last here, (B, H, W, C): a row of a window is then one run of memory. A sequence is an
image one pixel high.
"""

import math
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array

Pair = tuple[int, int]
"""Along height and width."""


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

    def lost(self, size: Pair) -> float:
        """The share of a random signal's energy that zeros around an image of that size take, a layer of
        many alike: 1 less the largest eigenvalue of the map between positions that a kernel of equal squares
        makes, which for one of three is (1 + 2 cos(π/(n + 1)))/3."""
        kept = 1.0
        for extent, before, after, kernel, stride, windows in zip(
            size, self.before, self.after, self.kernel, self.stride, self.counts(size), strict=True
        ):
            if self.circular or not before + after:
                continue
            angle = math.pi / (extent + (kernel - 1) / 2)
            if stride == 1:
                kept *= _sum_of_cosines(angle, kernel, before) / kernel
            else:  # one such layer is not behind many alike
                beyond = (windows - 1) * stride - before + kernel - extent
                outside = sum(_falling_sum(reach, stride, windows) for reach in (before, beyond))
                kept *= 1.0 - outside / (kernel * windows)
        return min(max(1.0 - kept, 0.0), 1.0)

    def framed(self, x: Array, band: range) -> Array:
        """What some rows of windows see of an image: its pixels and the padding around them."""
        height, width = x.shape[1:3]
        columns = range(self.counts((height, width))[1])
        rows, columns = (
            range(places.start * stride - before, (places.stop - 1) * stride - before + kernel)
            for places, kernel, stride, before in zip(
                (band, columns), self.kernel, self.stride, self.before, strict=True
            )
        )
        if (rows, columns) == (range(height), range(width)):
            return np.ascontiguousarray(x)
        frame = np.zeros((len(x), len(rows), len(columns), x.shape[3]), dtype=x.dtype)
        self.put(x, rows, columns, frame)
        return frame

    def put(self, x: Array, rows: range, columns: range, out: Array) -> None:
        """Write these rows and columns of an image to an array of zeros; what lies outside is padding."""
        height, width = x.shape[1:3]
        if self.circular:
            tall = x.take(np.asarray(rows) % height, axis=1)
            out[...] = tall.take(np.asarray(columns) % width, axis=2)
            return
        down, across = _inside(rows, height), _inside(columns, width)
        if down and across:
            there = slice(down.start, down.stop), slice(across.start, across.stop)
            seen = (rows[part] for part, rows in zip(there, (rows, columns), strict=True))
            out[:, *there] = x[:, *(slice(part.start, part.stop, part.step) for part in seen)]

    def of(self, frame: Array) -> Array:
        """Every window of a framed image, which is contiguous, as a view, not to be written to:
        (B, H, W, C) -> (B, H', W', kh, kw, C)."""
        samples, height, width, channels = frame.shape
        counts = Windows(self.kernel, self.stride).counts((height, width))
        of_sample, of_row, of_column, of_channel = frame.strides
        steps = (of_row * self.stride[0], of_column * self.stride[1])
        shape = (samples, *counts, *self.kernel, channels)
        strides = (of_sample, *steps, of_row, of_column, of_channel)
        # What `as_strided` does, without its 14 µs a call.
        return np.ndarray(shape, frame.dtype, frame, strides=strides)

    def strips(self, x: Array, band: range, groups: int) -> Array:
        """What a row of the kernel sees of some rows of windows, written out as an image of them, their
        channels by group:   (B, H, W, C) -> (B, rows, W', G·kw·C/G)."""
        seen = Windows((1, self.kernel[1]), (1, self.stride[1])).of(self.framed(x, band))
        split = seen.reshape(*seen.shape[:3], self.kernel[1], groups, -1).swapaxes(3, 4)
        return split.reshape(*seen.shape[:3], -1)


def _sum_of_cosines(angle: float, kernel: int, before: int) -> float:
    """Σ cos(angle · (tap − before)) over the taps, at once however many there are."""
    waves = math.sin(0.5 * angle * kernel) / math.sin(0.5 * angle)
    return waves * math.cos(angle * (0.5 * (kernel - 1) - before))


def _falling_sum(first: int, step: int, terms: int) -> int:
    """first + (first − step) + …, so many terms at most and none below zero."""
    count = min(terms, max(0, -(-first // step)))
    return count * first - step * count * (count - 1) // 2


def _inside(places: range, extent: int) -> range:
    """Which of them lie inside an axis."""
    first = min(len(places), max(0, -(places.start // places.step)))
    return range(first, max(first, min(len(places), -((places.start - extent) // places.step))))


def channel_last(x: Array) -> Array:
    """An image (B, C, H, W) or a sequence (B, T, C) as (B, H, W, C), a view."""
    return x.transpose(0, 2, 3, 1) if x.ndim == 4 else x[:, None]


def channel_first(x: Array, ndim: int) -> Array:
    """The way back from channel-last to an image (4 axes) or a sequence (3 axes), a view."""
    return x.transpose(0, 3, 1, 2) if ndim == 4 else x[:, 0]
