"""Makes convolutions of images and sequences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradscope.build.makers.facts import Shape, known, use_divisor, words
from gradscope.config import schema
from gradscope.engine.initializers import Fans
from gradscope.engine.layer import Step
from gradscope.engine.layers.convolution import Convolution
from gradscope.engine.layers.windows import Pair, Windows
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake
from gradscope.numerals import plural

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_conv1d(assembly: Assembly, spec: schema.Conv1d, shape: Shape, info: LayerInfo) -> Step:
    """Along the steps of a sequence."""
    if len(shape) != 2:
        hint = "use `conv2d`" if len(shape) == 3 else "write `input: {length: …, features: …}`"
        raise Mistake(f"conv1d takes a sequence, not {words(shape)}", hint)
    length, channels = shape
    windows = _windows((1, spec.kernel), (1, spec.stride), spec.padding)
    count = windows.counts((1, length))[1]
    if count < 1:
        raise _too_large(f"a kernel of {spec.kernel}", f"a sequence of {length}")
    return _convolution(assembly, spec, channels, windows, info, shape=(count, spec.filters))


def make_conv2d(assembly: Assembly, spec: schema.Conv2d, shape: Shape, info: LayerInfo) -> Step:
    """Over the pixels of an image."""
    if len(shape) != 3:
        hint = "use `conv1d`" if len(shape) == 2 else "write `input: [channels, height, width]`"
        raise Mistake(f"conv2d takes an image, not {words(shape)}", hint)
    channels, height, width = shape
    windows = _windows(pair(spec.kernel), pair(spec.stride), spec.padding)
    rows, columns = windows.counts((height, width))
    if min(rows, columns) < 1:
        kernel = " × ".join(map(str, windows.kernel))
        raise _too_large(f"a kernel of {kernel}", f"an image of {height} × {width}")
    return _convolution(assembly, spec, channels, windows, info, shape=(spec.filters, rows, columns))


def pair(extent: schema.Extent) -> Pair:
    """Height and width of what may be given as one number for both."""
    height, width = (extent, extent) if isinstance(extent, int) else extent
    return height, width


def _windows(kernel: Pair, stride: Pair, padding: schema.Padding) -> Windows:
    """`same` and `circular` put (k − 1)//2 before and k//2 after, whatever the stride."""
    if padding == "valid":
        return Windows(kernel, stride)
    after = kernel[0] // 2, kernel[1] // 2
    return Windows(kernel, stride, _centre(kernel), after, circular=padding == "circular")


def _centre(kernel: Pair) -> Pair:
    """Where in its kernel a pixel lies that keeps its place; in an even one the first of the two."""
    return (kernel[0] - 1) // 2, (kernel[1] - 1) // 2


def _too_large(kernel: str, room: str) -> Mistake:
    return Mistake(f"{kernel} does not fit into {room}", "use a smaller one, or `padding: same`")


def _convolution(
    assembly: Assembly,
    spec: schema.Conv1d | schema.Conv2d,
    channels: int,
    windows: Windows,
    info: LayerInfo,
    *,
    shape: Shape,
) -> Step:
    """Fans count the positions of the kernel and the channels of one group."""
    groups, filters = spec.groups, spec.filters
    if channels % groups or filters % groups:
        raise Mistake(
            f"{groups} groups do not divide {channels} {plural(channels, 'channel')} "
            f"and {filters} {plural(filters, 'filter')}",
            use_divisor(math.gcd(channels, filters)),
        )
    positions = math.prod(windows.kernel)
    down, across = _centre(windows.kernel)
    fans = Fans(
        positions * channels // groups,
        positions * filters // groups,
        positions,
        centre=down * windows.kernel[1] + across,
    )
    weight = assembly.weight(info, "weight", (fans.fan_in, filters), spec.init, fans)
    bias = assembly.bias(info, Fans(fans.fan_in, filters), spec.init, spec.bias_init) if spec.bias else None
    facts = known(
        info,
        shape,
        weight.size + (bias.size if bias else 0),
        weight=weight.law,
        bias=bias and bias.law,
        groups=groups,
        products=weight.size * math.prod(shape) // filters,
        lost=windows.lost((shape[-2] if len(shape) == 3 else 1, shape[-1])),
        # The kernel and its gradient, and the patches of one row of windows.
        workspace=2 * weight.size + positions * channels * shape[-1 if len(shape) == 3 else 0],
    )
    return Convolution(facts, weight, bias, windows, groups, ndim=len(shape) + 1)
