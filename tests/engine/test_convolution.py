"""Convolutions: identities that hold for every shape, norms without the gradient, and the same bits however it is cut."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradscope.engine import Array
from gradscope.engine.initializers import INITIALIZERS, Fans
from gradscope.engine.layers import patches
from gradscope.engine.layers.convolution import Convolution
from gradscope.engine.layers.patch_products import PatchProducts
from gradscope.engine.layers.windows import Pair
from gradscope.engine.outline import Law
from gradscope.engine.random import Stream
from gradscope.engine.threads import jobs_limit
from gradscope.engine.weights import Weight
from tests.engine.image_cases import convolution, padded
from tests.engine.making import Parameters, info
from tests.strategies import bounded, few, seeds, sizes

PADDINGS = st.sampled_from(["same", "valid", "circular"])
SMALL = (3, 2, 5, 4)


class Tried(NamedTuple):
    """A convolution, an image (B, C, H, W) and a cotangent."""

    layer: Convolution
    x: Array
    dy: Array

    @property
    def gradient(self) -> PatchProducts:
        """Of the kernel."""
        found = self.layer.backward(self.dy, self.layer.forward(self.x)[1])[1]["weight"]
        assert isinstance(found, PatchProducts)
        return found


def tried(
    seed: int,
    shape: tuple[int, int, int, int] = SMALL,
    filters: int = 3,
    *,
    kernel: Pair = (3, 3),
    stride: Pair = (1, 1),
    padding: str = "same",
    groups: int = 1,
    dtype: type[np.floating] = np.float64,
) -> Tried:
    """Independent standard entries."""
    take = Parameters(seed, dtype)
    windows = padded(kernel, stride, padding)
    layer = convolution(take, shape[1], filters, windows, groups=groups, bias=False)
    rng = np.random.default_rng(seed)
    size = windows.counts((shape[2], shape[3]))
    x, dy = rng.standard_normal(shape), rng.standard_normal((shape[0], filters, *size))
    return Tried(layer, x.astype(dtype), dy.astype(dtype))


@st.composite
def drawn(draw: Any) -> Tried:
    """Any shape that a kernel fits into."""
    groups = draw(sizes(3))
    size = draw(st.tuples(sizes(7), sizes(7)))
    kernel, stride = draw(st.tuples(sizes(4), sizes(4))), draw(st.tuples(sizes(4), sizes(4)))
    padding = draw(PADDINGS)
    assume(min(padded(kernel, stride, padding).counts(size)) > 0)
    return tried(
        draw(seeds()),
        (draw(sizes(3)), groups * draw(sizes(3)), *size),
        groups * draw(sizes(3)),
        kernel=kernel,
        stride=stride,
        padding=padding,
        groups=groups,
    )


# Identities


@bounded
@given(case=drawn())
def test_backward_is_the_transpose_of_forward(case: Tried) -> None:
    """⟨conv(x), dy⟩ = ⟨x, dx⟩ = ⟨W, dW⟩: the map is linear in the image and in the kernel."""
    y, cache = case.layer.forward(case.x)
    dx, gradients = case.layer.backward(case.dy, cache)
    expected = np.vdot(y, case.dy)
    size = np.linalg.norm(y) * np.linalg.norm(case.dy)
    npt.assert_allclose(np.vdot(case.x, dx), expected, atol=1e-12 * size)
    weight = case.layer.parameters()["weight"]
    npt.assert_allclose(np.vdot(weight, gradients["weight"].matrix()), expected, atol=1e-12 * size)


@few
@given(seed=seeds(), roll=st.tuples(sizes(4), sizes(4)), kernel=st.tuples(sizes(5), sizes(5)))
def test_circular_padding_moves_with_the_image(seed: int, roll: Pair, kernel: Pair) -> None:
    case = tried(seed, kernel=kernel, padding="circular")
    y, cache = case.layer.forward(case.x)
    dx, _ = case.layer.backward(case.dy, cache)
    moved, again = case.layer.forward(np.roll(case.x, roll, axis=(2, 3)))
    npt.assert_allclose(moved, np.roll(y, roll, axis=(2, 3)), atol=1e-12)
    back, _ = case.layer.backward(np.roll(case.dy, roll, axis=(2, 3)), again)
    npt.assert_allclose(back, np.roll(dx, roll, axis=(2, 3)), atol=1e-12)


@few
@given(seed=seeds(), groups=sizes(3), filters=sizes(3), channels=sizes(2))
def test_groups_are_convolutions_side_by_side(seed: int, groups: int, filters: int, channels: int) -> None:
    """Each on its own channels: outputs, input gradients and columns of the kernel's gradient."""
    case = tried(seed, (2, groups * channels, 5, 4), groups * filters, groups=groups)
    y, cache = case.layer.forward(case.x)
    dx, gradients = case.layer.backward(case.dy, cache)
    kernel, matrix = case.layer.parameters()["weight"], gradients["weight"].matrix()
    for group in range(groups):
        mine, theirs = (
            slice(group * channels, (group + 1) * channels),
            slice(group * filters, (group + 1) * filters),
        )
        take = Parameters(0)
        take.arrays["conv.weight"] = kernel[..., theirs]
        alone = convolution(take, channels, filters, padded((3, 3)), bias=False)
        part, kept = alone.forward(case.x[:, mine])
        back, own = alone.backward(case.dy[:, theirs], kept)
        npt.assert_allclose(y[:, theirs], part, atol=1e-12)
        npt.assert_allclose(dx[:, mine], back, atol=1e-12)
        npt.assert_allclose(matrix[..., theirs], own["weight"].matrix(), atol=1e-12)


# Norms

SHAPES: dict[str, dict[str, Any]] = {
    "many positions": {},
    "few positions, large kernel": {"shape": (3, 8, 2, 2), "filters": 40},
    "few rows in all": {"shape": (2, 8, 1, 1), "filters": 40},
    "strided": {"stride": (2, 3)},
    "circular": {"padding": "circular"},
    "groups": {"shape": (3, 4, 4, 4), "filters": 6, "groups": 2},
    "depthwise": {"shape": (3, 3, 4, 4), "filters": 3, "groups": 3},
    "one sample": {"shape": (1, 2, 4, 4)},
}
every_shape = pytest.mark.parametrize("options", SHAPES.values(), ids=SHAPES)


def norms(gradient: PatchProducts) -> tuple[float, Array]:
    """Of the batch and of each sample, as floats."""
    squares = np.ldexp(gradient.sample_squares.astype(float), 2 * gradient.sample_exponent)
    return math.exp2(gradient.log2_l2), np.sqrt(squares)


def one_by_one(case: Tried) -> Array:
    """The gradients of the samples, each passed through alone in float64:   (B, kh, kw, C/G, O)."""
    kernel = case.layer.parameters()["weight"].astype(np.float64)
    take = Parameters(0)
    take.arrays["conv.weight"] = kernel
    channels = case.x.shape[1]
    layer = convolution(
        take, channels, kernel.shape[3], case.layer.windows, groups=case.layer.groups, bias=False
    )
    pairs = zip(case.x.astype(float), case.dy.astype(float), strict=True)
    return np.array([Tried(layer, x[None], dy[None]).gradient.matrix() for x, dy in pairs])


def check_norms(case: Tried, rtol: float) -> None:
    expected = one_by_one(case)
    whole, own = norms(case.gradient)
    npt.assert_allclose(whole, np.linalg.norm(expected.sum(axis=0)), rtol=rtol)
    npt.assert_allclose(own, [np.linalg.norm(each) for each in expected], rtol=rtol)


@every_shape
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 1e-5), (np.float64, 1e-12)])
@few
@given(seed=seeds())
def test_norms(options: dict[str, Any], dtype: type[np.floating], rtol: float, seed: int) -> None:
    check_norms(tried(seed, dtype=dtype, **options), rtol)


@every_shape
@pytest.mark.parametrize("spread", [1e-1, 1e-3, 1e-5])
@few
@given(seed=seeds())
def test_norms_of_images_that_hardly_vary(options: dict[str, Any], spread: float, seed: int) -> None:
    """Cotangents that add up to zero in every channel: Σ patch ⊗ dy all but cancels, and keeps its digits."""
    case = tried(seed, dtype=np.float64, **{"padding": "circular", **options})
    dy = case.dy - case.dy.mean(axis=(0, 2, 3), keepdims=True)
    x = (1.0 + spread * case.x).astype(np.float32)
    narrow = tried(seed, dtype=np.float32, **{"padding": "circular", **options})
    check_norms(Tried(narrow.layer, x, dy.astype(np.float32)), 1e-5)


@few
@given(seed=seeds(), of_x=st.floats(-30.0, 30.0), of_dy=st.floats(-30.0, 30.0))
def test_any_scale_in_float32(seed: int, of_x: float, of_dy: float) -> None:
    case = tried(seed)
    expected = np.linalg.norm(one_by_one(case).sum(axis=0))
    scaled = Tried(
        tried(seed, dtype=np.float32).layer,
        (10.0**of_x * case.x).astype(np.float32),
        (10.0**of_dy * case.dy).astype(np.float32),
    )
    with np.errstate(under="ignore", over="ignore"):
        found = scaled.gradient.log2_l2
    assert found == pytest.approx(math.log2(expected) + (of_x + of_dy) * math.log2(10.0), abs=1e-5)


@every_shape
def test_zeros_are_exact(options: dict[str, Any]) -> None:
    case = tried(0, dtype=np.float32, **options)
    for gradient in (
        Tried(case.layer, 0.0 * case.x, case.dy).gradient,
        case._replace(dy=0.0 * case.dy).gradient,
    ):
        assert gradient.log2_l2 == -math.inf
        assert not gradient.sample_squares.any()


@every_shape
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_is_never_a_number(options: dict[str, Any], value: float) -> None:
    case = tried(0, dtype=np.float32, **options)
    case.dy[0, 0, 0, 0] = value
    with np.errstate(invalid="ignore"):
        gradient = case.gradient
        assert not math.isfinite(gradient.log2_l2)
        assert gradient.log2_l2 != -math.inf
        assert not np.isfinite(gradient.sample_squares[0])
        assert np.isfinite(gradient.sample_squares[1:]).all()


@every_shape
@pytest.mark.parametrize("place", [(0, 0), (-1, -1)])
def test_samples_do_not_see_each_other(options: dict[str, Any], place: Pair) -> None:
    """The corners of an image lie beside those of its neighbours."""
    case = tried(0, dtype=np.float32, **options)
    sound, cache = case.layer.forward(case.x)
    dx = case.layer.backward(case.dy, cache)[0]
    case.x[0, :, *place] = math.nan
    broken = Tried(case.layer, case.x, case.dy)
    npt.assert_array_equal(case.layer.forward(case.x)[0][1:], sound[1:])
    assert np.isfinite(broken.gradient.sample_squares[1:]).all()
    case.dy[0, :, *place] = math.nan
    npt.assert_array_equal(case.layer.backward(case.dy, cache)[0][1:], dx[1:])


# Several uses of one kernel


@few
@given(seed=seeds(), shift=st.integers(-40, 40))
def test_uses_of_a_kernel_add_up(seed: int, shift: int) -> None:
    """Images of different size, and cotangents under different exponents."""
    first = tried(seed)
    other = Tried(first.layer, *tried(seed + 1, (3, 2, 3, 6))[1:])
    summed = first.gradient.plus([(other.gradient, shift)])
    expected = one_by_one(first) + np.ldexp(one_by_one(other), shift)
    npt.assert_allclose(
        summed.matrix(), expected.sum(axis=0), rtol=1e-10, atol=1e-10 * np.abs(expected).max()
    )
    whole, own = norms(summed)
    npt.assert_allclose(whole, np.linalg.norm(expected.sum(axis=0)), rtol=1e-12)
    npt.assert_allclose(own, [np.linalg.norm(each) for each in expected], rtol=1e-12)
    assert summed.size == first.gradient.size


# The same numbers however the work is laid out


def lay_out(entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no more than so many entries worked on at once."""
    monkeypatch.setattr(patches, "CHUNK_ENTRIES", entries)
    monkeypatch.setattr(patches, "LITTLE", 0)


def everything(case: Tried) -> list[Array]:
    y, cache = case.layer.forward(case.x)
    dx, gradients = case.layer.backward(case.dy, cache)
    gradient = gradients["weight"]
    assert isinstance(gradient, PatchProducts)
    return [y, dx, gradient.matrix(), np.array([gradient.log2_l2]), gradient.sample_squares]


@every_shape
@pytest.mark.parametrize("entries", [1, 50, 300])
def test_pieces_make_no_difference_but_rounding(
    options: dict[str, Any], entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole batches, single samples, bands of one image."""
    case = tried(1, **options)
    whole = everything(case)
    lay_out(entries, monkeypatch)
    for found, expected in zip(everything(case), whole, strict=True):
        npt.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


def test_threads_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(200, monkeypatch)
    case = tried(2, (9, 3, 8, 8), 5, dtype=np.float32)
    alone = everything(case)
    with jobs_limit(4):
        for found, expected in zip(everything(case), alone, strict=True):
            npt.assert_array_equal(found, expected)


def test_a_kernel_drawn_again_has_the_same_bits() -> None:
    """Also in the two blocks of a large one."""
    law = Law("he_normal", INITIALIZERS["he_normal"](), Fans(9 * 64, 9 * 256, 9))
    rng = np.random.default_rng(0)
    x, dy = (rng.standard_normal((1, channels, 3, 3)).astype(np.float32) for channels in (64, 256))
    found = []
    for held in (True, False):
        weight = Weight((9 * 64, 256), law, Stream(0, 0, "w"), np.dtype(np.float32), held=held)
        assert len(weight.blocks) == 2
        layer = Convolution(info("conv"), weight, None, padded((3, 3)), 1, ndim=4)
        found.append(everything(Tried(layer, x, dy)))
    for held, replayed in zip(*found, strict=True):
        npt.assert_array_equal(held, replayed)
