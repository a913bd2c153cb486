"""Convolutions and pools of the config language by PyTorch's own functions; sequences as (B, F, T)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from tests.oracle.torch_functions import features_second

Options = Mapping[str, Any]
CONVOLUTIONS = ("conv1d", "conv2d")


def axes_of(x: Tensor) -> int:
    """Of positions: steps, or rows and columns."""
    return x.ndim - 2


def per_axis(extent: Any, axes: int) -> list[int]:
    """What may be one number for all of them."""
    return [extent] * axes if isinstance(extent, int) else list(extent)


def padded(x: Tensor, options: Options) -> Tensor:
    """`same` and `circular`: (k − 1)//2 before and k//2 after; entries are picked by their index, wrapped or not."""
    padding = options.get("padding", "same")
    if padding == "valid":
        return x
    for axis, kernel in enumerate(per_axis(options.get("kernel", 3), axes_of(x)), start=2):
        extent = x.shape[axis]
        places = torch.arange(-((kernel - 1) // 2), extent + kernel // 2)
        taken = x.index_select(axis, places % extent)
        if padding == "same":
            inside = ((places >= 0) & (places < extent)).double()
            taken = taken * inside.reshape([-1 if other == axis else 1 for other in range(x.ndim)])
        x = taken
    return x


def convolved(options: Options, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Weights are (kernel…, in, out) here, (out, in, kernel…) in PyTorch."""
    seen = padded(features_second(x), options)
    function = functional.conv1d if x.ndim == 3 else functional.conv2d
    kernel = weight.permute(-1, -2, *range(weight.ndim - 2))
    stride = per_axis(options.get("stride", 1), axes_of(x))
    return features_second(function(seen, kernel, bias, stride, groups=options.get("groups", 1)))


def pooled(kind: str, options: Options, x: Tensor) -> Tensor:
    """By PyTorch's pools, with whose conventions ours agree."""
    if kind == "global_avg_pool":
        return features_second(x).flatten(2).mean(2)
    size = per_axis(options["size"], axes_of(x))
    stride = size if options.get("stride") is None else per_axis(options["stride"], axes_of(x))
    functions = {
        ("max_pool", 1): functional.max_pool1d,
        ("max_pool", 2): functional.max_pool2d,
        ("avg_pool", 1): functional.avg_pool1d,
        ("avg_pool", 2): functional.avg_pool2d,
    }
    return features_second(functions[kind, axes_of(x)](features_second(x), size, stride))
