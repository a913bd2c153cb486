"""Makes pools: of windows, and of all positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradscope.build.makers.convolution import pair
from gradscope.build.makers.facts import Shape, features_of, known, words
from gradscope.config import schema
from gradscope.engine.layer import Step
from gradscope.engine.layers.pooling import AvgPool, GlobalAvgPool, MaxPool
from gradscope.engine.layers.windows import Windows
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_max_pool(assembly: Assembly, spec: schema.MaxPool, shape: Shape, info: LayerInfo) -> Step:
    """The largest entry of every window, which is no linear map."""
    windows, pooled = _windows(spec, shape, info.kind)
    return MaxPool(known(info, pooled, is_affine=False), windows)


def make_avg_pool(assembly: Assembly, spec: schema.AvgPool, shape: Shape, info: LayerInfo) -> Step:
    """The mean of every window."""
    windows, pooled = _windows(spec, shape, info.kind)
    return AvgPool(known(info, pooled), windows)


def make_global_avg_pool(
    assembly: Assembly, spec: schema.GlobalAvgPool, shape: Shape, info: LayerInfo
) -> Step:
    """The mean of all positions."""
    _check_positions(shape, info.kind)
    return GlobalAvgPool(known(info, (features_of(shape),)))


def _windows(spec: schema.MaxPool | schema.AvgPool, shape: Shape, kind: str) -> tuple[Windows, Shape]:
    """Windows without padding, and the shape behind them."""
    _check_positions(shape, kind)
    stride = spec.size if spec.stride is None else spec.stride
    if len(shape) == 2:
        windows = Windows((1, _along_time(spec.size, kind)), (1, _along_time(stride, kind)))
        rows, columns = windows.counts((1, shape[0]))
        pooled: Shape = (columns, shape[1])
    else:
        windows = Windows(pair(spec.size), pair(stride))
        rows, columns = windows.counts((shape[1], shape[2]))
        pooled = (shape[0], rows, columns)
    if min(rows, columns) < 1:
        raise Mistake(f"{kind} of {_spoken(spec.size)} does not fit into {words(shape)}", _smaller(shape))
    return windows, pooled


def _smaller(shape: Shape) -> str:
    """What would fit."""
    extents = shape[:1] if len(shape) == 2 else shape[1:]
    if max(extents) == 1:
        return "there is nothing left to pool: leave it out, or pool less often before it"
    largest = min(extents)
    return f"use {largest} at most, or `global_avg_pool`"


def _check_positions(shape: Shape, kind: str) -> None:
    if len(shape) == 1:
        raise Mistake(f"{kind} takes an image or a sequence, not {words(shape)}", "put it before `flatten`")


def _along_time(extent: schema.Extent, kind: str) -> int:
    if isinstance(extent, int):
        return extent
    raise Mistake(f"a sequence has one axis, {kind} is given {_spoken(extent)}", "write one number")


def _spoken(extent: schema.Extent) -> str:
    return str(extent) if isinstance(extent, int) else " × ".join(map(str, extent))
