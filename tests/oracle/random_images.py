"""Hypothesis draws convolutional networks on images and sequences, as the dictionaries a user would write."""

import math
from typing import Any

from hypothesis import strategies as st

from tests.oracle.random_networks import BIAS_INITS, INITS, INPUTS, activations, dense_layers, norms
from tests.oracle.torch_functions import LOSSES

Shape = tuple[int, ...]
Draw = Any

CHANNELS = st.integers(1, 6)


def channels_of(shape: Shape) -> int:
    return shape[0] if len(shape) == 3 else shape[1]


def size_of(shape: Shape) -> list[int]:
    """Of the axes a kernel moves along."""
    return list(shape[1:] if len(shape) == 3 else shape[:1])


def with_size(size: list[int], channels: int) -> Shape:
    return (channels, *size) if len(size) == 2 else (size[0], channels)


@st.composite
def extents(draw: Draw, limits: list[int]) -> list[int]:
    """One number an axis."""
    return [draw(st.integers(1, limit)) for limit in limits]


def written(values: list[int]) -> Any:
    """Short where both axes agree."""
    return values[0] if len(set(values)) == 1 else values


@st.composite
def convolutions(draw: Draw, shape: Shape, filters: int | None = None) -> tuple[Any, Shape]:
    """A layer and the shape behind it; with `filters` given, one that keeps the size."""
    size, channels = size_of(shape), channels_of(shape)
    keeps = filters is not None
    padding = draw(st.sampled_from(["same", "circular"] if keeps else ["same", "valid", "circular"]))
    kernel = draw(extents(size if padding == "valid" else [4] * len(size)))
    stride = [1] * len(size) if keeps else draw(extents([3] * len(size)))
    filters = draw(CHANNELS) if filters is None else filters
    divisors = [n for n in range(1, 7) if math.gcd(channels, filters) % n == 0]
    options: dict[str, Any] = {
        "filters": filters,
        "kernel": written(kernel),
        "stride": written(stride),
        "padding": padding,
        "groups": draw(st.sampled_from(divisors)),
        "bias": draw(st.booleans()),
        "init": draw(INITS),
    }
    if options["bias"] and draw(st.booleans()):
        options["bias_init"] = draw(BIAS_INITS)
    behind = [
        (extent - (k if padding == "valid" else 1)) // s + 1
        for extent, k, s in zip(size, kernel, stride, strict=True)
    ]
    return {f"conv{len(size)}d": options}, with_size(behind, filters)


@st.composite
def pools(draw: Draw, shape: Shape) -> tuple[Any, Shape]:
    size = size_of(shape)
    window, stride = draw(extents(size)), draw(extents([3] * len(size)))
    options: dict[str, Any] = {"size": written(window)}
    if draw(st.booleans()):
        options["stride"] = written(stride)
    else:
        stride = window
    behind = [(extent - k) // s + 1 for extent, k, s in zip(size, window, stride, strict=True)]
    kind = draw(st.sampled_from(["max_pool", "avg_pool"]))
    return {kind: options}, with_size(behind, channels_of(shape))


@st.composite
def branches(draw: Draw, shape: Shape) -> Any:
    """A residual connection or a shared repeat of a convolution that keeps the shape."""
    layer, _ = draw(convolutions(shape, channels_of(shape)))
    inner = [layer, draw(activations())]
    if draw(st.booleans()):
        return {"residual": inner}
    return {"repeat": 2, "share": draw(st.booleans()), "layers": inner}


@st.composite
def networks(draw: Draw) -> dict[str, Any]:
    """A config: one trial, float64, up to five layers, a reduction or `flatten`, and a head."""
    image = draw(st.booleans())
    shape: Shape = tuple(draw(extents([3, 6, 6] if image else [7, 4])))
    given = list(shape) if image else {"length": shape[0], "features": shape[1]}
    layers: list[Any] = []
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["convolution", "convolution", "pool", "norm", "activation", "branch"]))
        if kind == "convolution":
            layer, shape = draw(convolutions(shape))
        elif kind == "pool":
            layer, shape = draw(pools(shape))
        elif kind == "norm":
            layer = draw(norms(channels_of(shape)))
        else:
            layer = draw(activations() if kind == "activation" else branches(shape))
        layers.append(layer)
    layers.append(draw(st.sampled_from(["flatten", "global_avg_pool"])))
    return {
        "input": given,
        "batch": {"size": draw(st.integers(2, 4)), "inputs": draw(INPUTS)},
        "init": draw(INITS),
        "layers": [*layers, draw(dense_layers(draw(st.integers(2, 6))))],
        "loss": draw(st.sampled_from(sorted(LOSSES))),
        "seed": draw(st.integers(0, 10_000)),
        "trials": 1,
        "dtype": "float64",
    }
