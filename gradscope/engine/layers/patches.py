"""The products a convolution is made of, over the patches its kernel sees: forward, back, for the weights.

A few samples are worked on at a time, so that a product is large and its factors stay in cache. Loops go over
samples and kernel positions, not over pixels.
"""

from collections.abc import Iterator
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layers.contractions import way_of
from gradscope.engine.layers.windows import Pair, Windows
from gradscope.engine.pieces import Stretch, even_runs, stretches
from gradscope.engine.threads import side_by_side, spare_jobs

CHUNK_ENTRIES = 1 << 20
"""Entries worked on at once: enough for a fast product, few enough for the cache."""

TOGETHER = 1 << 22
"""Most entries that are worked on with one call."""

LITTLE = 1 << 16
"""Fewer entries than this are done before a second thread is awake."""


class Tile(NamedTuple):
    """Samples and rows of windows that are worked on together."""

    samples: slice
    band: range

    @property
    def rows(self) -> slice:
        """The band as an index."""
        return slice(self.band.start, self.band.stop)


def tiles(samples: int, rows: range, entries: int) -> list[Tile]:
    """How samples and rows are cut up, the same for any number of threads: whole samples, or bands of a large
    one. `entries` are those of the patches of one row."""
    height = max(1, CHUNK_ENTRIES // max(1, entries))
    bands = -(-len(rows) // height)
    ends = [len(rows) * number // bands for number in range(bands + 1)]
    return [
        Tile(run.part, rows[start:stop])
        for run in at_once(runs_of(samples, len(rows) * entries), len(rows) * entries)
        for start, stop in pairwise(ends)
    ]


def runs_of(samples: int, entries: int) -> list[slice]:
    """The samples in runs that are worked on together, given the entries of one; a single run where there is
    little to do."""
    if samples * entries < LITTLE:
        return [slice(0, samples)]
    return even_runs(samples, CHUNK_ENTRIES // max(1, entries))


def at_once(runs: list[slice], entries: int) -> list[Stretch]:
    """Runs of samples that are worked on with one call, given the entries of a sample."""
    return stretches(runs, TOGETHER // max(1, entries * (runs[0].stop - runs[0].start)), spare_jobs() + 1)


def correlated(x: Array, kernel: Array, windows: Windows, groups: int, out: Array | None = None) -> Array:
    """y = Σ kernel · patch at every window:   x (B, H, W, C), kernel (kh, kw, C/G, O) -> (B, H', W', O)."""
    rows, columns = windows.counts((x.shape[1], x.shape[2]))
    y = np.empty((len(x), rows, columns, kernel.shape[3]), dtype=x.dtype) if out is None else out
    correlate = way_of(groups, x.shape[3], y.shape[3]).correlate

    def fill(tile: Tile) -> None:
        correlate(windows, x[tile.samples], tile.band, kernel, y[tile.samples, tile.rows])

    side_by_side(fill, tiles(len(x), range(rows), room_of_row(windows, x, y, groups)))
    return y


def room_of_row(windows: Windows, x: Array, dy: Array, groups: int) -> int:
    """Entries worked on for one row of windows, of one sample."""
    channels, filters = x.shape[3], dy.shape[3]
    of_window = way_of(groups, channels, filters).room(windows.kernel[1], channels, filters)
    return int(dy.shape[2]) * of_window


def contributions(windows: Windows, x: Array, band: range, dy: Array, groups: int) -> Array:
    """Each sample's part of the kernel's gradient, Σ patch ⊗ dy over some rows of windows:
    -> (n, kh·kw·C/G, O)."""
    return way_of(groups, x.shape[3], dy.shape[3]).contribute(windows, x, band, dy, groups)


def group_squares(x: Array, groups: int) -> Array:
    """Σ x² over the channels of each group:   (n, H, W, C) -> (n, H, W, G)."""
    squares = np.square(x)
    if groups == x.shape[3]:
        return squares
    squares = squares.reshape(-1, x.shape[3] // groups)
    sums: Array = squares @ np.ones(squares.shape[1], dtype=x.dtype)
    return sums.reshape(*x.shape[:3], groups)


def diagonals(windows: Windows, x: Array, band: range, dy: Array) -> Array:
    """Each sample's Σ ‖patch‖² ‖dy‖² over some rows of windows, group by group, given the squares of both:
    the square of its gradient if none of the products overlapped.   -> (n,)."""
    of_patches = windows.framed(x, band)
    for axis, kernel, stride in zip((1, 2), windows.kernel, windows.stride, strict=True):
        of_patches = _window_sums(of_patches, axis, kernel, stride)
    found: Array = np.einsum("nhwg,nhwg->n", of_patches, dy)
    return found


def _window_sums(x: Array, axis: int, kernel: int, stride: int) -> Array:
    """Σ over the places of every window along one axis."""
    moved = x.swapaxes(0, axis)
    last = (len(moved) - kernel) // stride * stride
    total: Array = moved[: last + 1 : stride].copy(order="K")
    for place in range(1, kernel):
        total += moved[place : place + last + 1 : stride]
    return total.swapaxes(0, axis)


def spread(dy: Array, kernel: Array, windows: Windows, groups: int, size: Pair) -> Array:
    """The transpose, dx of an image of that size: each dy spread over its window.

    A pixel m·s + a is reached by the kernel's positions a, a + s, a + 2s, … alone: for each of the s × s
    phases this is an ordinary correlation of dy with those positions in reverse order.

    Shapes:
        dy (B, H', W', O), kernel (kh, kw, C/G, O) -> (B, H, W, C)
    """
    rows, columns = (
        range(extent + before + after) if windows.circular else range(before, before + extent)
        for extent, before, after in zip(size, windows.before, windows.after, strict=True)
    )
    dx = np.zeros((len(dy), len(rows), len(columns), kernel.shape[2] * groups), dtype=dy.dtype)
    for down, across in product(
        _phases(rows, windows.kernel[0], windows.stride[0], dy.shape[1]),
        _phases(columns, windows.kernel[1], windows.stride[1], dy.shape[2]),
    ):
        turned = _reversed(kernel[down.taps, across.taps], groups)
        reach = Windows(
            (turned.shape[0], turned.shape[1]),
            before=(down.before, across.before),
            after=(down.after, across.after),
        )
        correlated(dy, turned, reach, groups, out=dx[:, down.pixels, across.pixels])
    if windows.circular:
        for axis in (1, 2):
            dx = _folded(dx, axis, size[axis - 1], windows.before[axis - 1])
    return dx


class _Phase(NamedTuple):
    """Pixels of one axis that lie a whole number of strides apart."""

    pixels: slice
    """Where they lie among the pixels asked for."""
    taps: slice
    """The kernel's positions that reach them."""
    before: int
    """Padding of dy at which the window of the first of them begins; negative where it begins inside."""
    after: int
    """The same at the other end."""


def _phases(pixels: range, kernel: int, stride: int, outputs: int) -> Iterator[_Phase]:
    """Every pixel p = m·stride + phase of the frame that is asked for and reached by the kernel at all."""
    for phase in range(min(stride, kernel)):
        first = -((phase - pixels.start) // stride)
        last = -((phase - pixels.stop) // stride)
        if first < last:
            start = first * stride + phase - pixels.start
            reach = len(range(phase, kernel, stride)) - 1
            yield _Phase(
                slice(start, len(pixels), stride),
                slice(phase, kernel, stride),
                reach - first,
                last - outputs,
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
