"""Gradients through convolutions and pools: exact identities, and laws of random kernels measured through configs."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given

from gradscope.engine import Array
from gradscope.engine.layers.dense import Dense
from tests.engine.image_cases import convolution, padded
from tests.engine.making import Parameters, given_weight, info
from tests.laws.measuring import Pass, growth, run_once, trace, trials_for
from tests.strategies import few, seeds, sizes

TOLERANCE = 1e-10


def conv(filters: int, **options: Any) -> dict[str, Any]:
    """Without bias, on circular images unless said otherwise."""
    return {"conv2d": {"filters": filters, "bias": False, "padding": "circular", **options}}


def images(layers: Sequence[Any], *, size: int = 6, channels: int = 8, **rest: Any) -> dict[str, Any]:
    """One Gaussian image below, a Gaussian cotangent on top."""
    return {
        "input": [channels, size, size],
        "batch": {"size": 1},
        "layers": list(layers),
        "loss": "random_cotangent",
        **rest,
    }


def norms(found: Pass) -> Array:
    """|∂L/∂y| of every layer in forward order."""
    return np.array([np.linalg.norm(each) for each in reversed(found.heard.output_gradients.values())])


# Exact


@pytest.mark.parametrize("padding", ["same", "circular"])
@pytest.mark.parametrize(("kernel", "gain"), [(3, 1.0), ([5, 3], 1.0), (3, 1.1), (4, 1.0), ([2, 6], 1.0)])
def test_delta_orthogonal_convolutions_keep_the_norm(padding: str, kernel: Any, gain: float) -> None:
    """Linear ones, forward and back, gⁿ over n of them; the centre never meets the padding (Xiao et al. 2018)."""
    init = {"delta_orthogonal": gain}
    layers = [conv(8, kernel=kernel, padding=padding, init=init) for _ in range(20)]
    found = run_once(images(layers))
    sizes_of = [np.linalg.norm(y) for y in found.heard.outputs.values()]
    expected = gain ** np.arange(20)
    npt.assert_allclose(sizes_of, np.linalg.norm(found.inputs) * gain * expected, rtol=TOLERANCE)
    npt.assert_allclose(norms(found), norms(found)[-1] * expected[::-1], rtol=TOLERANCE)


@pytest.mark.parametrize("groups", [2, 8])
def test_delta_orthogonal_groups_keep_the_norm(groups: int) -> None:
    """Each group has an orthogonal map of its own."""
    layers = [conv(8, groups=groups, init="delta_orthogonal") for _ in range(5)]
    npt.assert_allclose(np.diff(np.log(norms(run_once(images(layers))))), 0.0, atol=TOLERANCE)


@pytest.mark.parametrize("kernel", [3, 2, [4, 1], [6, 5]])
def test_a_kernel_of_the_identity_changes_nothing(kernel: Any) -> None:
    """The centre of an even kernel is the first of its two middle ones, where the padding puts it."""
    same = {"init": "identity", "kernel": kernel, "padding": "same"}
    found = run_once(images([conv(8, **same), conv(8, groups=4, **same)]))
    npt.assert_array_equal(found.heard.outputs["conv2d2"], found.inputs)


@few
@given(seed=seeds(), batch=sizes(4), channels=sizes(5), filters=sizes(5), height=sizes(4), width=sizes(4))
def test_one_by_one_is_dense_per_pixel(**drawn: int) -> None:
    """Outputs, every gradient, and the norms of single samples."""
    take = Parameters(drawn["seed"])
    layer = convolution(take, drawn["channels"], drawn["filters"], padded((1, 1)))
    matrix = take.arrays["conv.weight"].reshape(drawn["channels"], drawn["filters"])
    dense = Dense(info("dense"), given_weight(matrix), given_weight(take.arrays["conv.bias"]))
    rng = np.random.default_rng(drawn["seed"])
    shape = (drawn["batch"], drawn["channels"], drawn["height"], drawn["width"])
    x = rng.standard_normal(shape)
    y, cache = layer.forward(x)
    dy = rng.standard_normal(y.shape)
    dx, gradients = layer.backward(dy, cache)

    def pixels(image: Array) -> Array:
        return image.transpose(0, 2, 3, 1).reshape(len(image), -1, image.shape[1])

    expected, kept = dense.forward(pixels(x))
    back, own = dense.backward(pixels(dy), kept)
    npt.assert_allclose(pixels(y), expected, rtol=TOLERANCE, atol=1e-12)
    npt.assert_allclose(pixels(dx), back, rtol=TOLERANCE, atol=1e-12)
    for name in ("weight", "bias"):
        npt.assert_allclose(
            gradients[name].matrix().ravel(), own[name].matrix().ravel(), rtol=TOLERANCE, atol=1e-12
        )
        npt.assert_allclose(gradients[name].log2_l2, own[name].log2_l2, atol=TOLERANCE)


@pytest.mark.parametrize(
    "pool", [{"max_pool": 2}, {"avg_pool": 2}, "relu", {"avg_pool": {"size": 3, "stride": 1}}], ids=str
)
def test_weights_times_gradients_is_the_same_for_every_convolution(pool: Any) -> None:
    """Σ W·dW = Σ ⟨f, ∂L/∂f⟩ for bias-free networks that are linear in every layer's weights (Euler)."""
    layers = [conv(8), "relu", pool, conv(6, stride=2), {"leaky_relu": 0.1}, conv(6, groups=3), pool]
    found = run_once(images([*layers, "global_avg_pool", {"dense": {"units": 4, "bias": False}}], size=12))
    products = [
        float(np.vdot(array, found.heard.gradients[name])) for name, array in found.parameters.items()
    ]
    f, df = found.heard.outputs["dense4"], found.heard.output_gradients["dense4"]
    npt.assert_allclose(products, float(np.vdot(f, df)), rtol=1e-9)


@pytest.mark.parametrize(
    ("pool", "factor"),
    [
        pytest.param({"max_pool": 2}, 1.0, id="max: each gradient goes to one place"),
        pytest.param({"avg_pool": 3}, 1 / 3, id="mean of k × k: 1/k"),
        pytest.param({"avg_pool": [2, 3]}, 6**-0.5, id="mean of 2 × 3"),
        pytest.param("global_avg_pool", 1 / 6, id="mean of all 6 × 6"),
    ],
)
def test_what_a_pool_does_to_the_gradient(pool: Any, factor: float) -> None:
    """Windows that do not overlap: the factor on the norm is exact."""
    first, last = norms(run_once(images(["linear", pool])))
    assert first / last == pytest.approx(factor, rel=TOLERANCE)


# Residual blocks of convolutions

BLOCKS, WIDTH = 6, 16

AS_WIDE = 3 * WIDTH
"""The width of dense layers whose norms scatter more between draws than those of WIDTH channels under kernels of several
positions, each of which has weights of its own."""

BRANCH = [conv(WIDTH, init="he_normal"), "relu", conv(WIDTH, init="lecun_normal")]


@pytest.mark.parametrize(
    ("scale", "growth_per_block"),
    [(1.0, 2.0), (BLOCKS**-0.5, 1.0 + 1.0 / BLOCKS)],
    ids=["x + F(x): 2 a block", "x + F(x)/√L: 1 + 1/L"],
)
def test_growth_of_residual_blocks(scale: float, growth_per_block: float) -> None:
    """Of the squared gradient, in expectation (Hanin & Rolnick 2018)."""
    layers = [{"residual": {"layers": BRANCH, "scale": scale}}] * BLOCKS
    # Half of the convolutions are behind a ReLU: of 3k − 1, 5 and 2, the mean.
    trials = trials_for(0.2, [AS_WIDE] * (2 * BLOCKS), kurtosis=1.5)
    measured = growth(trace(images(layers, channels=WIDTH, trials=trials)))
    npt.assert_allclose(
        np.log(measured), math.log(growth_per_block) * np.arange(BLOCKS - 1, -1, -1), atol=0.15
    )


@pytest.mark.parametrize("scale", [0.0, {"learned": 0.0}])
def test_blocks_that_are_off_pass_the_gradient_unchanged(scale: Any) -> None:
    """Exactly, and their own kernels get an exact zero."""
    found = run_once(images([{"residual": {"layers": BRANCH, "scale": scale}}] * BLOCKS, channels=WIDTH))
    outer = [found.heard.output_gradients[f"residual{number}"] for number in range(1, BLOCKS + 1)]
    for gradient in outer[:-1]:
        npt.assert_array_equal(gradient, outer[-1])
    kernels = [gradient for name, gradient in found.heard.gradients.items() if name.endswith("weight")]
    assert len(kernels) == 2 * BLOCKS
    assert not any(gradient.any() for gradient in kernels)


# Random kernels

DEPTH = 6


@pytest.mark.parametrize(
    ("activation", "init", "expected"),
    [("relu", "he_normal", 1.0), ("relu", {"variance": 1}, 0.5), ("linear", {"variance": 1.3}, 1.3)],
)
@pytest.mark.parametrize("options", [{}, {"kernel": [1, 5]}, {"groups": 4}, {"stride": 2}], ids=str)
def test_growth_per_circular_convolution(activation: str, init: Any, expected: float, options: Any) -> None:
    """σ_w² E φ′² a layer, as for dense ones: fan-in counts the kernel's positions and a group's channels."""
    layers = [layer for _ in range(DEPTH) for layer in (conv(WIDTH, init=init, **options), activation)]
    trials = trials_for(0.3, [AS_WIDE] * (DEPTH - 1), kurtosis=2.0)
    measured = growth(trace(images(layers[:-1], size=8, channels=WIDTH, trials=trials)))
    npt.assert_allclose(np.log(measured), math.log(expected) * np.arange(DEPTH - 1, -1, -1), atol=0.3)


def kept_share(size: int, kernel: int) -> Array:
    """Which share of a squared gradient at i goes to j along one axis, what goes into the padding left out."""
    reach = np.arange(size)[:, None] - np.arange(size)
    return (np.abs(reach) <= kernel // 2) / kernel


@pytest.mark.parametrize(("size", "kernel"), [(2, 3), (4, 3), (8, 3), (4, 5)])
def test_zero_padding_leaks(size: int, kernel: int) -> None:
    """The squared gradient spreads over each kernel, and what comes to lie in the padding is lost.

    Along either axis that is a walk with absorbing ends: Σ A^l after l layers, with A banded and 1/k in the
    band; for k = 3 its slowest decay is (1 + 2 cos(π/(n + 1)))/3 a layer.
    """
    layers = [conv(WIDTH, kernel=kernel, padding="same", init="lecun_normal") for _ in range(DEPTH)]
    trials = trials_for(0.15, [AS_WIDE] * (DEPTH - 1), kurtosis=1.0)
    measured = growth(trace(images(layers, size=size, channels=WIDTH, trials=trials)))
    step = kept_share(size, kernel)
    kept = [np.linalg.matrix_power(step, layer).sum() / size for layer in range(DEPTH - 1, -1, -1)]
    npt.assert_allclose(np.log(measured), np.log(np.square(kept)), atol=0.15)
    if kernel == 3:
        slowest = (1.0 + 2.0 * math.cos(math.pi / (size + 1))) / 3.0
        assert np.linalg.eigvalsh(step).max() == pytest.approx(slowest)
