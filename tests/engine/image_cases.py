"""Convolutions and pools of images and sequences, as cases of the table of all layers."""

from gradscope.engine.layers.convolution import Convolution
from gradscope.engine.layers.pooling import AvgPool, GlobalAvgPool, MaxPool
from gradscope.engine.layers.windows import Pair, Windows
from tests.engine.making import LayerCase, Parameters, given_weight, info


def padded(kernel: Pair, stride: Pair = (1, 1), padding: str = "same") -> Windows:
    """By the name of the padding in a config: `same` and `circular` keep the size at stride 1."""
    if padding == "valid":
        return Windows(kernel, stride)
    before = ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2)
    after = (kernel[0] // 2, kernel[1] // 2)
    return Windows(kernel, stride, before, after, circular=padding == "circular")


def convolution(
    take: Parameters,
    channels: int,
    filters: int,
    windows: Windows,
    *,
    groups: int = 1,
    bias: bool = True,
    ndim: int = 4,
    name: str = "conv",
) -> Convolution:
    """Over images, or sequences with three axes."""
    kernel = windows.kernel if ndim == 4 else windows.kernel[1:]
    weight = take(f"{name}.weight", *kernel, channels // groups, filters)
    return Convolution(
        info(name),
        given_weight(weight.reshape(-1, filters)),
        given_weight(take(f"{name}.bias", 1, filters)) if bias else None,
        windows,
        groups,
        ndim=ndim,
    )


def _case(
    size: Pair, channels: int, filters: int, windows: Windows, *, groups: int = 1, bias: bool = True
) -> LayerCase:
    return LayerCase(
        (2, channels, *size),
        lambda take: convolution(take, channels, filters, windows, groups=groups, bias=bias),
    )


def _sequence_case(length: int, channels: int, filters: int, windows: Windows, groups: int = 1) -> LayerCase:
    return LayerCase(
        (2, length, channels),
        lambda take: convolution(take, channels, filters, windows, groups=groups, ndim=3),
    )


IMAGE_CASES: dict[str, LayerCase] = {
    "convolution": _case((5, 4), 3, 2, padded((3, 3))),
    "convolution without bias": _case((5, 4), 3, 2, padded((3, 3)), bias=False),
    "convolution, even kernel": _case((4, 5), 2, 3, padded((2, 4))),
    "convolution, valid": _case((5, 6), 2, 3, padded((3, 2), padding="valid")),
    "convolution, one by one": _case((3, 4), 3, 4, padded((1, 1))),
    "convolution, strided": _case((6, 5), 2, 3, padded((3, 3), (2, 3))),
    "convolution, stride beyond the kernel": _case((6, 7), 2, 3, padded((2, 2), (3, 4), "valid")),
    "convolution, circular": _case((4, 5), 2, 3, padded((3, 3), padding="circular")),
    "convolution, circular and strided": _case((4, 5), 2, 3, padded((3, 4), (2, 2), "circular")),
    "convolution, wrapped more than once": _case((2, 1), 2, 2, padded((7, 4), padding="circular")),
    "convolution, kernel beyond the image": _case((2, 1), 2, 3, padded((5, 3))),
    "convolution, groups": _case((4, 3), 4, 6, padded((3, 3)), groups=2),
    "convolution, groups and stride": _case((5, 4), 6, 3, padded((3, 2), (2, 1)), groups=3),
    "convolution, depthwise": _case((4, 5), 3, 3, padded((3, 3)), groups=3),
    "convolution, depthwise and strided": _case((5, 5), 3, 3, padded((3, 3), (2, 2), "circular"), groups=3),
    "convolution, depthwise with two filters each": _case((3, 4), 3, 6, padded((3, 3)), groups=3),
    "convolution of a sequence": _sequence_case(6, 3, 2, padded((1, 3))),
    "convolution of a sequence, circular": _sequence_case(5, 2, 4, padded((1, 4), (1, 2), "circular")),
    "convolution of a sequence, depthwise": _sequence_case(5, 4, 4, padded((1, 3)), groups=4),
    "max pool": LayerCase((2, 3, 4, 6), lambda take: MaxPool(info("pool"), Windows((2, 3), (2, 3)))),
    "max pool, overlapping": LayerCase(
        (2, 2, 5, 6), lambda take: MaxPool(info("pool"), Windows((3, 2), (2, 1)))
    ),
    "max pool of a sequence": LayerCase(
        (2, 7, 3), lambda take: MaxPool(info("pool"), Windows((1, 2), (1, 2)))
    ),
    "average pool": LayerCase((2, 3, 4, 5), lambda take: AvgPool(info("pool"), Windows((2, 2), (2, 2)))),
    "average pool, overlapping": LayerCase((2, 2, 5, 4), lambda take: AvgPool(info("pool"), Windows((3, 3)))),
    "average pool with gaps": LayerCase(
        (2, 2, 7, 6), lambda take: AvgPool(info("pool"), Windows((2, 1), (3, 2)))
    ),
    "average pool of a sequence": LayerCase(
        (2, 5, 3), lambda take: AvgPool(info("pool"), Windows((1, 3), (1, 2)))
    ),
    "global average": LayerCase((2, 3, 4, 5), lambda take: GlobalAvgPool(info("pool"))),
    "global average of a sequence": LayerCase((2, 4, 3), lambda take: GlobalAvgPool(info("pool"))),
}
