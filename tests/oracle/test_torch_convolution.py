"""Convolutions and pools against PyTorch's own modules, and every number of the report of networks made of them."""

from typing import Any, NamedTuple

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradscope.engine import Array
from gradscope.engine.layers.patch_products import PatchProducts
from gradscope.engine.layers.pooling import AvgPool, MaxPool
from gradscope.engine.layers.windows import Pair, Windows
from tests.engine.image_cases import convolution, padded
from tests.engine.making import Parameters, info
from tests.strategies import bounded, seeds, sizes

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.oracle.agreement import disagreements  # noqa: E402
from tests.oracle.random_images import networks  # noqa: E402

TOLERANCE = {"rtol": 1e-10, "atol": 1e-11}


class Form(NamedTuple):
    """What a convolution is drawn with."""

    samples: int
    size: Pair
    channels: int
    filters: int
    kernel: Pair
    stride: Pair
    padding: str
    groups: int
    is_sequence: bool

    @property
    def windows(self) -> Windows:
        """Of a sequence, those of an image one pixel high."""
        return padded(self.kernel, self.stride, self.padding)


@st.composite
def forms(draw: Any) -> Form:
    is_sequence = draw(st.booleans())
    groups = draw(sizes(3))

    def pair(largest: int) -> Pair:
        return (1 if is_sequence else draw(sizes(largest)), draw(sizes(largest)))

    form = Form(
        draw(sizes(4)),
        pair(8),
        groups * draw(sizes(4)),
        groups * draw(sizes(4)),
        pair(5),
        pair(3),
        draw(st.sampled_from(["same", "valid", "circular"])),
        groups,
        is_sequence,
    )
    assume(min(form.windows.counts(form.size)) > 0)
    return form


def module_of(form: Form) -> Any:
    """nn.Conv1d or nn.Conv2d without a padding of its own: PyTorch's are the same on both sides, or for stride 1."""
    axes = slice(1, None) if form.is_sequence else slice(None)
    kind = nn.Conv1d if form.is_sequence else nn.Conv2d
    return kind(
        form.channels,
        form.filters,
        form.kernel[axes],
        form.stride[axes],
        groups=form.groups,
        dtype=torch.float64,
    )


def around(form: Form, x: Any) -> Any:
    """x with its padding by torch.nn.functional.pad, which names the last axis first."""
    if form.padding == "valid":
        return x
    sides = [side for k in reversed(form.kernel[-(x.ndim - 2) :]) for side in ((k - 1) // 2, k // 2)]
    mode = "circular" if form.padding == "circular" else "constant"
    return nn.functional.pad(x, sides, mode=mode)


@settings(max_examples=150)
@given(form=forms(), seed=seeds())
def test_convolutions(form: Form, seed: int) -> None:
    """Forward, the input's gradient, weight and bias gradients with their norms, those of single samples too."""
    # PyTorch refuses to wrap an image more than once.
    wraps = all(k // 2 <= extent for k, extent in zip(form.kernel, form.size, strict=True))
    assume(wraps or form.padding != "circular")
    take = Parameters(seed)
    layer = convolution(
        take, form.channels, form.filters, form.windows, groups=form.groups, ndim=3 if form.is_sequence else 4
    )
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((form.samples, form.channels, *form.size))
    given_x = x[:, :, 0].swapaxes(1, 2) if form.is_sequence else x
    y, cache = layer.forward(given_x)
    dy = rng.standard_normal(y.shape)
    dx, gradients = layer.backward(dy, cache)

    def to_torch(array: Array) -> Any:
        return torch.tensor(array.swapaxes(1, 2) if form.is_sequence else array)

    module, leaf = module_of(form), to_torch(given_x).requires_grad_()
    kernel = layer.parameters()["weight"]
    with torch.no_grad():
        module.weight.copy_(torch.tensor(np.moveaxis(kernel, (-1, -2), (0, 1))))
        module.bias.copy_(torch.tensor(layer.parameters()["bias"]))
    outputs = module(around(form, leaf))
    outputs.backward(to_torch(dy), retain_graph=True)
    npt.assert_allclose(to_torch(y), outputs.detach(), **TOLERANCE)
    npt.assert_allclose(to_torch(dx), leaf.grad, **TOLERANCE)
    weight, bias = gradients["weight"], gradients["bias"]
    assert isinstance(weight, PatchProducts)
    npt.assert_allclose(np.moveaxis(weight.matrix(), (-1, -2), (0, 1)), module.weight.grad, **TOLERANCE)
    npt.assert_allclose(bias.matrix(), module.bias.grad, **TOLERANCE)
    npt.assert_allclose(2.0**weight.log2_l2, module.weight.grad.norm(), rtol=1e-10)
    npt.assert_allclose(2.0**bias.log2_l2, module.bias.grad.norm(), rtol=1e-10)
    samples = [
        torch.autograd.grad(outputs[b], module.weight, to_torch(dy)[b], retain_graph=True)[0].square().sum()
        for b in range(form.samples)
    ]
    npt.assert_allclose(weight.sample_squares * 4.0**weight.sample_exponent, samples, rtol=1e-10)


@bounded
@given(
    seed=seeds(),
    shape=st.tuples(sizes(3), sizes(3), sizes(8), sizes(8)),
    size=st.tuples(sizes(4), sizes(4)),
    stride=st.tuples(sizes(4), sizes(4)),
    kind=st.tuples(st.booleans(), st.sampled_from([2, 1000])),
)
def test_pools(
    seed: int, shape: tuple[int, int, int, int], size: Pair, stride: Pair, kind: tuple[bool, int]
) -> None:
    """Entries from two levels only have ties in every window."""
    is_sequence, levels = kind
    if is_sequence:
        shape, size, stride = (*shape[:2], 1, shape[3]), (1, size[1]), (1, stride[1])
    windows = Windows(size, stride)
    assume(min(windows.counts((shape[2], shape[3]))) > 0)
    rng = np.random.default_rng(seed)
    x = rng.integers(levels, size=shape).astype(np.float64)
    axes = slice(1, None) if is_sequence else slice(None)
    modules = (nn.MaxPool1d, nn.AvgPool1d) if is_sequence else (nn.MaxPool2d, nn.AvgPool2d)
    for pool, module in zip((MaxPool, AvgPool), modules, strict=True):
        leaf = torch.tensor(x[:, :, 0] if is_sequence else x, requires_grad=True)
        layer = pool(info("pool"), windows)
        y, cache = layer.forward(x[:, :, 0].swapaxes(1, 2) if is_sequence else x)
        dy = rng.standard_normal(y.shape)
        dx, _ = layer.backward(dy, cache)
        expected = module(size[axes], stride[axes])(leaf)
        expected.backward(torch.tensor(dy.swapaxes(1, 2) if is_sequence else dy))
        npt.assert_allclose(y.swapaxes(1, 2) if is_sequence else y, expected.detach(), **TOLERANCE)
        npt.assert_allclose(dx.swapaxes(1, 2) if is_sequence else dx, leaf.grad, **TOLERANCE)


@settings(max_examples=100)
@given(config=networks())
def test_random_convolutional_networks(config: dict[str, Any]) -> None:
    wrong = disagreements(config)
    assume(wrong is not None)
    assert wrong == []


def conv(filters: int, **options: Any) -> dict[str, Any]:
    return {"conv2d": {"filters": filters, "bias": False, **options}}


def image_network(*layers: Any, **others: Any) -> dict[str, Any]:
    return {
        "input": [3, 8, 8],
        "batch": {"size": 4},
        "init": "he_normal",
        "layers": list(layers),
        "trials": 1,
        "dtype": "float64",
    } | others


def stage(filters: int) -> list[Any]:
    """Of a residual network that halves the image."""
    block = [conv(filters, stride=2), "batch_norm", "relu", conv(filters), "batch_norm"]
    shortcut = [conv(filters, kernel=1, stride=2), "batch_norm"]
    return [{"residual": {"layers": block, "shortcut": shortcut}}, "relu"]


DEPTHWISE = [conv(8, kernel=7, groups=8), "layer_norm", conv(32, kernel=1), "gelu", conv(8, kernel=1)]
KNOWN = {
    "residual, two stages": image_network(
        conv(4), "batch_norm", "relu", *stage(8), *stage(16), "global_avg_pool", {"dense": 10}
    ),
    "VGG": image_network(
        conv(6),
        "relu",
        conv(6),
        "relu",
        {"max_pool": 2},
        conv(12),
        "relu",
        {"max_pool": 2},
        "flatten",
        {"dense": 10},
    ),
    "circular": image_network(
        {"repeat": 5, "layers": [conv(6, padding="circular"), "tanh"]}, "flatten", {"dense": 4}
    ),
    "one kernel at three sizes": image_network(
        {"conv2d": 4},
        {"repeat": 3, "share": True, "layers": [{"conv2d": 4}, "tanh", {"avg_pool": 2}]},
        "flatten",
        {"dense": 5},
    ),
    "ConvNeXt": image_network(
        {"conv2d": {"filters": 8, "kernel": 2, "stride": 2, "padding": "valid"}},
        "layer_norm",
        {"repeat": 2, "layers": [{"residual": DEPTHWISE}]},
        "global_avg_pool",
        {"dense": 10},
    ),
    "large kernels, few positions": image_network(
        conv(16, stride=2),
        "relu",
        conv(32, stride=2),
        "relu",
        conv(64),
        "relu",
        "global_avg_pool",
        {"dense": 3},
    ),
    "a sequence": image_network(
        {"conv1d": {"filters": 6, "kernel": 5, "stride": 2}},
        {"group_norm": 2},
        "silu",
        {"conv1d": {"filters": 8, "padding": "circular", "groups": 2}},
        {"max_pool": 2},
        "global_avg_pool",
        {"dense": 4},
        input={"length": 16, "features": 5},
    ),
}


@pytest.mark.parametrize("config", KNOWN.values(), ids=KNOWN)
def test_known_convolutional_networks(config: dict[str, Any]) -> None:
    assert disagreements(config) == []
