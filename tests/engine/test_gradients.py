"""Factored gradients against matrices formed in extended precision, also where rows nearly cancel."""

import math
from typing import NamedTuple

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine import Array
from gradscope.engine.gradients import Formed, OuterProducts
from gradscope.engine.magnitude import exp2
from tests.strategies import bounded, few, precisions, seeds, shapes_BTIO

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
both_precisions = pytest.mark.parametrize("dtype", list(TOLERANCE))

LARGE = [(64, 1, 300, 200), (700, 1, 600, 600), (3, 50, 40, 500), (2, 400, 30, 10), (1, 1, 900, 700)]
"""Both ways to a norm, and products formed in several pieces."""


class Case(NamedTuple):
    """x (B, T, I) and dy (B, T, O), or without T."""

    x: Array
    dy: Array

    def of(self, dtype: type[np.floating]) -> OuterProducts:
        return OuterProducts(self.x.astype(dtype), self.dy.astype(dtype))


def case(seed: int, shape: tuple[int, int, int, int]) -> Case:
    """Independent entries; a single position is left out as an axis."""
    rng = np.random.default_rng(seed)
    samples, positions, fan_in, fan_out = shape
    rows = (samples,) if positions == 1 else (samples, positions)
    return Case(rng.standard_normal((*rows, fan_in)), rng.standard_normal((*rows, fan_out)))


def collapsed(seed: int, shape: tuple[int, int, int, int], spread: float) -> Case:
    """Inputs that hardly differ, cotangents whose sum over the rows is zero: Σ x⊗dy all but cancels."""
    x, dy = case(seed, shape)
    rows = tuple(range(dy.ndim - 1))
    return Case(1.0 + spread * x, dy - dy.mean(axis=rows))


def formed(gradient: OuterProducts) -> Array:
    """XᵀdY of the very same numbers in extended precision."""
    x, dy = gradient.x.astype(np.longdouble), gradient.dy.astype(np.longdouble)
    matrix: Array = np.einsum("bti,bto->io", x, dy)
    return matrix


def norm(matrix: Array) -> float:
    return float(np.sqrt(np.sum(np.square(matrix))))


def check_norms(gradient: OuterProducts, rtol: float) -> None:
    """The batch's norm, every sample's, and the matrix."""
    matrix = formed(gradient)
    npt.assert_allclose(gradient.l2, norm(matrix), rtol=rtol)
    samples = [
        norm(formed(OuterProducts(x[None], dy[None]))) for x, dy in zip(gradient.x, gradient.dy, strict=True)
    ]
    found = np.ldexp(gradient.sample_l2.astype(np.float64), gradient.sample_exponent)
    npt.assert_allclose(found, samples, rtol=rtol)


# Norms


@both_precisions
@bounded
@given(seed=seeds(), shape=shapes_BTIO(8, 5, 9))
def test_norms(dtype: type[np.floating], seed: int, shape: tuple[int, int, int, int]) -> None:
    check_norms(case(seed, shape).of(dtype), TOLERANCE[dtype])


@both_precisions
@pytest.mark.parametrize("shape", LARGE, ids=str)
def test_norms_of_large_layers(dtype: type[np.floating], shape: tuple[int, int, int, int]) -> None:
    """Plain matrix products as the reference: extended precision has no fast ones."""
    gradient = case(0, shape).of(dtype)
    x, dy = (rows.reshape(-1, rows.shape[-1]).astype(np.float64) for rows in (gradient.x, gradient.dy))
    npt.assert_allclose(gradient.l2, np.linalg.norm(x.T @ dy), rtol=TOLERANCE[dtype])
    samples = [np.linalg.norm(x.T @ dy) for x, dy in zip(gradient.x, gradient.dy, strict=True)]
    npt.assert_allclose(gradient.sample_l2, samples, rtol=TOLERANCE[dtype])


@both_precisions
@few
@given(seed=seeds(), shape=shapes_BTIO(4, 3, 6))
def test_matrix_and_size(dtype: type[np.floating], seed: int, shape: tuple[int, int, int, int]) -> None:
    gradient = case(seed, shape).of(dtype)
    assert gradient.size == shape[2] * shape[3]
    assert gradient.matrix().dtype == dtype
    npt.assert_allclose(
        gradient.matrix(), formed(gradient).astype(np.float64), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype]
    )


# Cancellation


@pytest.mark.parametrize(
    ("dtype", "spread", "rtol"),
    [
        (np.float32, 0.3, 1e-5),
        (np.float32, 1e-4, 1e-5),
        (np.float32, 1e-6, 1e-5),
        (np.float64, 0.03, 1e-12),
        (np.float64, 1e-4, 1e-12),
        (np.float64, 1e-6, 1e-10),  # float64 itself has no more: the inputs share their first six digits
    ],
)
@bounded
@given(seed=seeds(), shape=shapes_BTIO(12, 3, 12))
def test_collapsed_inputs(
    dtype: type[np.floating], spread: float, rtol: float, seed: int, shape: tuple[int, int, int, int]
) -> None:
    """Where the sum of inner products loses all its digits in float32, even its sign."""
    samples, positions, fan_in, fan_out = shape
    gradient = collapsed(seed, (samples + 3, positions, fan_in + 3, fan_out + 3), spread).of(dtype)
    npt.assert_allclose(gradient.l2, norm(formed(gradient)), rtol=rtol)


@both_precisions
@pytest.mark.parametrize("shape", [(64, 1, 256, 256), (600, 1, 40, 50), (16, 32, 64, 10)], ids=str)
def test_collapsed_inputs_of_large_layers(dtype: type[np.floating], shape: tuple[int, int, int, int]) -> None:
    gradient = collapsed(1, shape, 1e-4).of(dtype)
    npt.assert_allclose(gradient.l2, norm(formed(gradient)), rtol=TOLERANCE[dtype])


@both_precisions
@bounded
@given(seed=seeds(), shape=shapes_BTIO(8, 4, 8))
def test_cotangents_whose_rows_sum_to_zero(
    dtype: type[np.floating], seed: int, shape: tuple[int, int, int, int]
) -> None:
    """As behind softmax with cross-entropy, on inputs that are all positive."""
    x, dy = case(seed, (*shape[:3], shape[3] + 1))
    check_norms(Case(np.abs(x), dy - dy.mean(axis=-1, keepdims=True)).of(dtype), 2.0 * TOLERANCE[dtype])


def test_rows_that_cancel_exactly_give_an_exact_zero() -> None:
    """In float32, whose products float64 holds without rounding; float64 is left with its own last digit."""
    x, dy = case(2, (1, 1, 30, 20))
    opposite = Case(np.concatenate([x, x]), np.concatenate([dy, -dy]))
    assert opposite.of(np.float32).log2_l2 == -math.inf
    assert (opposite.of(np.float32).sample_l2 > 0.0).all()
    assert opposite.of(np.float64).l2 <= 1e-15 * opposite.of(np.float64).sample_l2.sum()


# Scale


@bounded
@given(
    seed=seeds(),
    shape=shapes_BTIO(6, 3, 6),
    of_x=st.floats(-35.0, 35.0),
    of_dy=st.floats(-35.0, 35.0),
)
def test_any_scale_in_float32(seed: int, shape: tuple[int, int, int, int], of_x: float, of_dy: float) -> None:
    """From 1e-35 to 1e35, where no square fits: the logarithm is right and NumPy silent."""
    x, dy = case(seed, shape)
    gradient = Case(10.0**of_x * x, 10.0**of_dy * dy).of(np.float32)
    with np.errstate(under="ignore"):
        assert gradient.log2_l2 == pytest.approx(math.log2(norm(formed(gradient))), abs=1e-5)
        assert math.log2(gradient.sample_l2[0]) + gradient.sample_exponent == pytest.approx(
            math.log2(norm(formed(OuterProducts(gradient.x[:1], gradient.dy[:1])))), abs=1e-5
        )


@pytest.mark.parametrize("log2_scale", [-31.0, -29.0, -20.0, -14.0, 0.0, 28.0, 31.0])
def test_samples_of_a_large_batch_keep_their_digits(log2_scale: float) -> None:
    """Each is a small part of the whole: their squares must not fall among the subnormal numbers."""
    x, dy = case(3, (20_000, 1, 4, 3))
    scale = 2.0**log2_scale
    gradient = Case(scale * x / np.linalg.norm(x), scale * dy / np.linalg.norm(dy)).of(np.float32)
    expected = np.linalg.norm(gradient.x[:, 0].astype(float), axis=1) * np.linalg.norm(
        gradient.dy[:, 0].astype(float), axis=1
    )
    npt.assert_allclose(
        np.ldexp(gradient.sample_l2.astype(float), gradient.sample_exponent), expected, rtol=1e-6
    )


@both_precisions
@pytest.mark.parametrize("shape", [(1, 1, 5, 4), (4, 1, 50, 40), (40, 1, 3, 2), (4, 6, 3, 2)], ids=str)
def test_zeros_are_exact(dtype: type[np.floating], shape: tuple[int, int, int, int]) -> None:
    x, dy = case(4, shape)
    for gradient in (Case(0.0 * x, dy).of(dtype), Case(x, 0.0 * dy).of(dtype)):
        assert gradient.log2_l2 == -math.inf
        assert gradient.l2 == 0.0
        assert not gradient.sample_l2.any()


@both_precisions
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("shape", [(1, 1, 5, 4), (4, 1, 50, 40), (40, 1, 3, 2), (4, 6, 3, 2)], ids=str)
def test_what_is_not_finite_is_never_a_number(
    dtype: type[np.floating], value: float, shape: tuple[int, int, int, int]
) -> None:
    x, dy = case(5, shape)
    with np.errstate(invalid="ignore"):
        for place in (x, dy):
            kept = place[0, ..., 0].copy()
            place[0, ..., 0] = value
            gradient = Case(x, dy).of(dtype)
            assert not math.isfinite(gradient.log2_l2)
            assert gradient.log2_l2 != -math.inf
            assert not np.isfinite(gradient.sample_l2[0])
            assert np.isfinite(gradient.sample_l2[1:]).all()
            place[0, ..., 0] = kept


# Several uses of one parameter


@bounded
@given(
    seed=seeds(),
    shape=shapes_BTIO(5, 3, 6),
    dtype=precisions(),
    shifts=st.lists(st.integers(-40, 40), max_size=3),
)
def test_uses_add_up(
    seed: int, shape: tuple[int, int, int, int], dtype: type[np.floating], shifts: list[int]
) -> None:
    first, *others = (case(seed + number, shape).of(dtype) for number in range(len(shifts) + 1))
    total = first.plus(list(zip(others, shifts, strict=True)))
    uses = zip([first, *others], [0, *shifts], strict=True)
    expected = sum(np.ldexp(formed(use), shift) for use, shift in uses)
    npt.assert_allclose(total.l2, norm(np.asarray(expected)), rtol=20.0 * TOLERANCE[dtype])
    npt.assert_allclose(
        total.matrix(), np.asarray(expected, dtype=float), rtol=1e-5, atol=1e-5 * norm(np.asarray(expected))
    )


@both_precisions
@pytest.mark.parametrize("far", [-3000, -200, 200, 3000])
def test_uses_of_a_weight_far_apart_in_depth(dtype: type[np.floating], far: int) -> None:
    """A weight shared by hundreds of layers: exponents differ by more than the range of the precision."""
    outer, inner = case(6, (4, 1, 5, 3)).of(dtype), case(7, (4, 1, 5, 3)).of(dtype)
    larger = inner if far > 0 else outer
    total = outer.plus([(inner, far)])
    assert total.log2_l2 == pytest.approx(larger.log2_l2 + max(far, 0), abs=1e-6)
    npt.assert_allclose(
        np.log2(total.sample_l2) + total.sample_exponent,
        np.log2(larger.sample_l2) + larger.sample_exponent + max(far, 0),
        atol=1e-6,
    )
    small, large = Formed(np.ones(3, dtype=dtype)), Formed(np.full(3, 2.0, dtype=dtype))
    assert small.plus([(large, far)]).log2_l2 == (Formed(np.ones(3)).log2_l2 + max(far + 1, 0))


@pytest.mark.parametrize("far", [-3000, 3000])
def test_a_use_that_is_zero_leaves_the_others_as_they_are(far: int) -> None:
    used, unused = (
        case(8, (4, 1, 5, 3)).of(np.float32),
        Case(np.ones((4, 5)), np.zeros((4, 3))).of(np.float32),
    )
    assert used.plus([(unused, far)]).log2_l2 == pytest.approx(used.log2_l2, abs=1e-6)
    assert unused.plus([(used, far)]).log2_l2 == pytest.approx(used.log2_l2 + far, abs=1e-6)
    assert unused.plus([(unused, far)]).log2_l2 == -math.inf


# Small parameters


def test_formed_gradients() -> None:
    first, second = np.array([3.0, 4.0]), np.array([1.0, -1.0])
    gradient = Formed(first)
    assert gradient.size == 2
    assert exp2(gradient.log2_l2) == pytest.approx(5.0, rel=1e-14)
    npt.assert_array_equal(gradient.matrix(), first)
    total = gradient.plus([(Formed(second), 3), (Formed(second), -1)])
    npt.assert_array_equal(total.matrix(), first + 8.5 * second)
    assert total.log2_l2 == pytest.approx(math.log2(norm(first + 8.5 * second)), abs=1e-14)
    assert Formed(np.zeros(2)).log2_l2 == -math.inf
    assert math.isnan(Formed(np.array([math.nan, 0.0])).log2_l2)
