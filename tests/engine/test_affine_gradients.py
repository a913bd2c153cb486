"""Factored gradients against matrices formed in extended precision, also where rows nearly cancel."""

import math

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine import row_products
from gradscope.engine.affine_gradients import OuterProducts
from gradscope.engine.threads import jobs_limit
from tests.engine.affine_gradients import TOLERANCE, Case, case, collapsed, formed, norm
from tests.strategies import bounded, few, seeds, shapes_BTIO, sizes

both_precisions = pytest.mark.parametrize("dtype", list(TOLERANCE))

LARGE = [(64, 1, 300, 200), (700, 1, 600, 600), (3, 50, 40, 500), (2, 400, 30, 10), (1, 1, 900, 700)]
"""Both ways to a norm, and products formed in several pieces."""


def check_norms(gradient: OuterProducts, rtol: float) -> None:
    """The batch's norm, and every sample's."""
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
def test_norms_are_the_same_where_threads_share_them(
    dtype: type[np.floating], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = case(0, (16, 1, 300, 200)).of(dtype)
    expected, samples = alone.log2_l2, alone.sample_l2
    monkeypatch.setattr(row_products, "WORTH_HANDING_OUT", 1)
    shared = case(0, (16, 1, 300, 200)).of(dtype)
    with jobs_limit(2):
        assert shared.log2_l2 == expected
    npt.assert_array_equal(shared.sample_l2, samples)


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


@both_precisions
@bounded
@given(seed=seeds(), samples=sizes(4), length=st.integers(2, 20), step=st.integers(-11, 11))
def test_steps_that_grow_as_fast_as_their_cotangents_shrink(
    dtype: type[np.floating], seed: int, samples: int, length: int, step: int
) -> None:
    """As in a recurrent layer with a gain: all steps count the same, but squares of no factor fit."""
    x, dy = case(seed, (samples, length, 5, 4))
    grown = np.ldexp(1.0, step * (np.arange(length) - length // 2))[:, np.newaxis]
    check_norms(Case(x * grown, dy / grown).of(dtype), TOLERANCE[dtype])


def test_steps_in_rows_of_zeros_and_of_any_size() -> None:
    x, dy = case(10, (2, 4, 5, 3))
    x[0, 1] = 0.0
    x[1] *= 1e-30
    x[1, 2] *= 1e10
    dy[1] *= 1e30
    dy[0, 2] = 0.0
    check_norms(Case(x, dy).of(np.float32), 1e-5)
    assert Case(x, 0.0 * dy).of(np.float32).log2_l2 == -math.inf
    x[1, 3, 0] = math.nan
    assert math.isnan(Case(x, dy).of(np.float32).log2_l2)


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
