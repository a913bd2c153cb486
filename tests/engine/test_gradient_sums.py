"""Gradients of parameters that are used more than once, and of those that are no matrices."""

import math

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine.affine_gradients import RowSum
from gradscope.engine.gradients import Formed
from gradscope.engine.magnitude import exp2
from tests.engine.affine_gradients import TOLERANCE, Case, case, formed, norm
from tests.strategies import bounded, precisions, seeds, shapes_BTIO

both_precisions = pytest.mark.parametrize("dtype", list(TOLERANCE))

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


@pytest.mark.parametrize("far", [-40, 40, 100])
def test_uses_whose_factors_change_places(far: int) -> None:
    """x grows as fast as dy shrinks: every use counts, but no square of a factor fits into float32."""
    base = case(9, (3, 1, 5, 4))
    uses = [Case(np.ldexp(base.x, far * step), base.dy).of(np.float32) for step in (1, 0, -1)]
    total = uses[0].plus([(uses[1], far), (uses[2], 2 * far)])
    expected = 3.0 * np.ldexp(formed(base.of(np.float32)), far)
    assert total.log2_l2 == pytest.approx(math.log2(norm(expected)), abs=1e-5)


# Small parameters


@both_precisions
@bounded
@given(seed=seeds(), shape=shapes_BTIO(9, 4, 1), scale=st.integers(-100, 100))
def test_bias_gradients(
    dtype: type[np.floating], seed: int, shape: tuple[int, int, int, int], scale: int
) -> None:
    """The sum of the rows, of any scale and where they cancel."""
    _, dy = case(seed, (shape[0], shape[1], 1, 6))
    rows = tuple(range(dy.ndim - 1))
    for given_rows in (dy, np.abs(dy), dy - 0.999 * dy.mean(axis=rows)):
        gradient = RowSum(np.ldexp(given_rows, scale).astype(dtype))
        expected = np.ldexp(given_rows, scale).astype(dtype).astype(np.longdouble).sum(axis=rows)
        assert gradient.size == 6
        assert gradient.log2_l2 == pytest.approx(math.log2(norm(expected)), abs=100 * TOLERANCE[dtype])
        size = float(np.abs(gradient.dy).max()) * len(gradient.dy)
        npt.assert_allclose(gradient.matrix(), expected.astype(float), atol=TOLERANCE[dtype] * size)
    total = RowSum(dy.astype(dtype)).plus([(RowSum(-dy.astype(dtype)), 0), (RowSum(dy.astype(dtype)), 5)])
    npt.assert_allclose(exp2(total.log2_l2), 32.0 * exp2(RowSum(dy.astype(dtype)).log2_l2), rtol=1e-4)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_bias_gradients_at_the_limits(value: float) -> None:
    assert RowSum(np.zeros((3, 2), dtype=np.float32)).log2_l2 == -math.inf
    dy = np.array([[1.0, value], [2.0, 3.0]], dtype=np.float32)
    with np.errstate(invalid="ignore"):
        assert not math.isfinite(RowSum(dy).log2_l2)
        assert RowSum(dy).log2_l2 != -math.inf


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
