"""erf against the standard library's."""

import math

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradscope.engine.erf import erf


def reference(x):
    return np.array([math.erf(value) for value in x.astype(np.float64).ravel().tolist()]).reshape(x.shape)


@pytest.mark.parametrize(("dtype", "limit"), [(np.float64, 1e-15), (np.float32, 1.2e-7)])
def test_is_the_standard_librarys_to_rounding(dtype, limit):
    rng = np.random.default_rng(0)
    x = np.concatenate((rng.uniform(-7.0, 7.0, 60_000), rng.standard_normal(40_000))).astype(dtype)
    values = erf(x)
    assert values.dtype == dtype
    assert np.abs(values - reference(x)).max() < limit


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.floats(-10.0, 10.0))
def test_anywhere_to_rounding(x):
    assert abs(erf(np.array([x]))[0] - math.erf(x)) < 1e-15


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-14), (np.float32, 3e-7)])
def test_keeps_its_relative_precision_near_zero(dtype, rtol):
    x = np.logspace(-30, -4, 200).astype(dtype)
    npt.assert_allclose(erf(x), 2.0 / math.sqrt(math.pi) * x.astype(np.float64), rtol=max(rtol, 1e-8))
    npt.assert_allclose(erf(x), reference(x), rtol=rtol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_is_odd_and_never_leaves_its_range(dtype):
    x = np.linspace(0.0, 8.0, 30_001).astype(dtype)
    npt.assert_array_equal(erf(-x), -erf(x))
    assert erf(x).max() <= 1.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_has_no_steps_where_one_node_takes_over_from_the_next(dtype):
    nodes = (np.arange(-6 * 2048, 6 * 2048) + 0.5) / 2048
    x = nodes.astype(dtype)
    step = erf(np.nextafter(x, dtype(9.0))) - erf(np.nextafter(x, dtype(-9.0)))
    assert np.abs(step).max() < (2e-7 if dtype == np.float32 else 2e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tails_are_exact_and_silent(dtype):
    huge = np.array([6.0, 7.0, 1e10, 1e30, np.finfo(dtype).max, np.inf], dtype=dtype)
    with np.errstate(all="raise"):
        npt.assert_array_equal(erf(huge), 1.0)
        npt.assert_array_equal(erf(-huge), -1.0)


def test_nan_stays_nan_and_alone():
    with np.errstate(all="ignore"):
        values = erf(np.array([[np.nan, 0.5], [1.0, np.nan]]))
    npt.assert_array_equal(np.isnan(values), [[True, False], [False, True]])
    npt.assert_allclose(values[[0, 1], [1, 0]], [math.erf(0.5), math.erf(1.0)], rtol=1e-15)


def test_takes_any_layout():
    x = np.random.default_rng(1).standard_normal((3, 4, 5)).transpose(2, 0, 1)
    npt.assert_allclose(erf(x), reference(x), atol=1e-15)
