"""Identities of softmax attention that hold whatever is drawn: to 1e-10 in float64."""

import math

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope import diagnose, load_config
from gradscope.engine import Array
from gradscope.engine.dot_product_attention import attend, attend_backward, score_gradients
from tests.laws.measuring import run_once
from tests.strategies import bounded, few, seeds, sizes

TOLERANCE = 1e-10


def drawn(seed: int, *shape: int) -> list[Array]:
    """Query, key, value and the gradient of what they give."""
    return list(np.random.default_rng(seed).standard_normal((4, *shape)))


@pytest.mark.parametrize("causal", [False, True])
@bounded
@given(shape=st.tuples(sizes(3), sizes(7), sizes(4), sizes(3)), seed=seeds())
def test_score_gradients_add_up_to_zero_over_the_keys(
    causal: bool, shape: tuple[int, int, int, int], seed: int
) -> None:
    """A softmax does not see what is added to all of its scores; keys out of sight get nothing."""
    samples, steps, heads, width = shape
    query, key, value, dy = drawn(seed, samples, steps, heads * width)
    _, kept = attend(query, key, value, heads, causal=causal)
    scores = score_gradients(dy, kept)
    npt.assert_allclose(scores.sum(axis=-1), 0.0, atol=TOLERANCE)
    if causal:
        assert not np.triu(scores, k=1).any()


@bounded
@given(shape=st.tuples(sizes(3), sizes(7), sizes(4), sizes(3)), seed=seeds())
def test_equal_scores_give_every_value_the_mean_gradient(shape: tuple[int, int, int, int], seed: int) -> None:
    """Scores of zero: dV_j = Σ_i dO_i/T for every key j."""
    samples, steps, heads, width = shape
    query, key, value, dy = drawn(seed, samples, steps, heads * width)
    y, kept = attend(np.zeros_like(query), key, value, heads, causal=False)
    npt.assert_allclose(y, np.broadcast_to(value.mean(axis=1, keepdims=True), y.shape), atol=TOLERANCE)
    _, _, dvalue = attend_backward(dy, kept)
    npt.assert_allclose(dvalue, np.broadcast_to(dy.mean(axis=1, keepdims=True), dy.shape), atol=TOLERANCE)


def test_averaging_divides_an_independent_gradient_by_the_steps() -> None:
    """E|dV|² = |dO|²/T when the gradients of the positions are independent of each other."""
    steps = 64
    query, key, value, dy = drawn(1, 50, steps, 32)
    _, kept = attend(np.zeros_like(query), key, value, 4, causal=False)
    _, _, dvalue = attend_backward(dy, kept)
    npt.assert_allclose(np.square(dvalue).sum() / np.square(dy).sum(), 1.0 / steps, rtol=0.1)


@few
@given(seed=seeds(), heads=st.sampled_from([1, 2, 4]))
def test_the_keys_bias_has_no_gradient(seed: int, heads: int) -> None:
    """It adds the same to all scores of a query."""
    source = {
        "input": {"length": 5, "features": 8},
        "batch": {"size": 3},
        "layers": [{"attention": {"heads": heads, "bias_init": "ones"}}],
        "loss": "random_cotangent",
    }
    gradients = run_once(source, seed=seed).heard.gradients
    npt.assert_allclose(gradients["attention1.key.bias"], 0.0, atol=TOLERANCE)
    assert np.abs(gradients["attention1.query.bias"]).max() > 1e-3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_head_of_equal_scores_has_full_entropy(dtype: str) -> None:
    """Zero queries look at all keys alike: entropy 1 and no more, and no key gets more than its share."""
    source = {
        "input": {"length": 11, "features": 8},
        "batch": {"size": 3},
        "layers": [{"attention": {"heads": 2, "init": "zeros", "out_init": "glorot_normal"}}],
        "loss": "random_cotangent",
        "dtype": dtype,
        "trials": 1,
    }
    found = diagnose(load_config(source)).layers[0].attention
    assert found is not None
    tolerance = TOLERANCE if dtype == "float64" else 1e-6
    assert 1.0 - tolerance <= found.entropy <= 1.0
    assert math.isclose(found.top_key_weight, 1.0 / 11.0, rel_tol=tolerance)
