"""Every loss of the table against finite differences, PyTorch, closed forms and its own claims."""

import inspect
import math
import pickle
from typing import get_type_hints

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradscope.engine.losses import LOSSES
from gradscope.engine.options import Within
from gradscope.errors import Mistake
from tests.finite_differences import directional_check, numerical_gradient

VARIANTS = [("huber", {"delta": 0.3}), ("huber", {"delta": 2.5})]
CASES = [(name, {}) for name in LOSSES] + VARIANTS
every_loss = pytest.mark.parametrize(
    "loss", [pytest.param(LOSSES[name](**options), id=f"{name}{options or ''}") for name, options in CASES]
)
both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SHAPES = [(4, 3), (1, 2), (2, 3, 5)]
every_shape = pytest.mark.parametrize("shape", SHAPES)


def case(loss, shape, dtype=np.float64, seed=0, scale=2.0):
    rng = np.random.default_rng(seed)
    outputs = (scale * rng.standard_normal(shape)).astype(dtype)
    return outputs, loss.draw_targets(rng, shape, dtype)


def raising():
    return np.errstate(over="raise", invalid="raise", divide="raise", under="ignore")


# The table


def test_every_entry_carries_its_own_name():
    for name, make in LOSSES.items():
        assert make().name == name


def test_every_option_has_limits_and_a_default_and_is_varied_here():
    varied = {(name, option) for name, options in VARIANTS for option in options}
    for name, make in LOSSES.items():
        hints = get_type_hints(make, include_extras=True)
        for option, parameter in inspect.signature(make).parameters.items():
            assert parameter.default is not parameter.empty
            assert isinstance(hints[option].__metadata__[0], Within)
            assert (name, option) in varied


def test_which_losses_take_logits_and_which_take_classes():
    assert {name for name, make in LOSSES.items() if make().takes_logits} == {
        "cross_entropy",
        "binary_cross_entropy",
    }
    assert {name for name, make in LOSSES.items() if make().classes} == {"cross_entropy"}


@every_loss
def test_records_can_be_pickled(loss):
    outputs, targets = case(loss, (4, 3))
    copy = pickle.loads(pickle.dumps(loss))
    assert copy.evaluate(outputs, targets)[0] == loss.evaluate(outputs, targets)[0]
    assert copy.expected((4, 3)) == loss.expected((4, 3))


# The gradient


@every_loss
@every_shape
def test_gradient_against_finite_differences(loss, shape):
    outputs, targets = case(loss, shape)
    value, gradient = loss.evaluate(outputs, targets)
    if value is None:  # a random cotangent: the gradient of the plain scalar product
        npt.assert_array_equal(gradient, targets)
        return
    numerical = numerical_gradient(lambda v: loss.evaluate(v, targets)[0], outputs)
    npt.assert_allclose(gradient, numerical, rtol=1e-5, atol=1e-8)
    rng = np.random.default_rng(1)
    directional_check(lambda v: loss.evaluate(v, targets)[0], gradient, outputs, rng)


def test_the_slope_of_the_absolute_error_at_its_kink_is_zero():
    value, gradient = LOSSES["mae"]().evaluate(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0]]))
    assert value == 1.0
    npt.assert_array_equal(gradient, [[0.0, 0.5]])


def torch_functions(torch):
    F = torch.nn.functional
    return {
        "cross_entropy": lambda outputs, targets: F.cross_entropy(outputs.flatten(0, -2), targets.flatten()),
        "binary_cross_entropy": F.binary_cross_entropy_with_logits,
        "mse": F.mse_loss,
        "mae": F.l1_loss,
        "huber": lambda outputs, targets, delta=1.0: F.huber_loss(outputs, targets, delta=delta),
        "random_cotangent": lambda outputs, targets: (outputs * targets).sum(),
    }


@pytest.mark.parametrize(("name", "options"), CASES)
@every_shape
def test_agrees_with_pytorch(name, options, shape):
    torch = pytest.importorskip("torch")
    loss = LOSSES[name](**options)
    outputs, targets = case(loss, shape, scale=5.0)
    theirs = torch.tensor(outputs, requires_grad=True)
    expected = torch_functions(torch)[name](theirs, torch.tensor(targets), **options)
    expected.backward()
    value, gradient = loss.evaluate(outputs, targets)
    if value is not None:
        npt.assert_allclose(value, expected.item(), rtol=1e-12)
    npt.assert_allclose(gradient, theirs.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_binary_cross_entropy_takes_probabilities_too():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    outputs, targets = rng.standard_normal((6, 5)), rng.random((6, 5))
    theirs = torch.tensor(outputs, requires_grad=True)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(theirs, torch.tensor(targets))
    expected.backward()
    value, gradient = LOSSES["binary_cross_entropy"]().evaluate(outputs, targets)
    npt.assert_allclose(value, expected.item(), rtol=1e-13)
    npt.assert_allclose(gradient, theirs.grad.numpy(), rtol=1e-12, atol=1e-16)


# Identities


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    batch=st.integers(1, 6),
    classes=st.integers(2, 12),
    scale=st.floats(0.0, 50.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_logit_gradients_of_a_sample_add_up_to_zero_and_are_bounded(batch, classes, scale, seed):
    loss = LOSSES["cross_entropy"]()
    _, gradient = loss.evaluate(*case(loss, (batch, classes), seed=seed, scale=scale))
    npt.assert_allclose(gradient.sum(axis=-1), 0.0, atol=1e-15)
    assert np.linalg.norm(gradient, axis=-1).max() <= math.sqrt(2.0) / batch * (1.0 + 1e-12)
    assert np.abs(gradient).sum(axis=-1).max() <= 2.0 / batch * (1.0 + 1e-12)


@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
@both_precisions
def test_zero_logits_give_the_logarithm_of_the_classes_and_a_known_norm(classes, dtype):
    loss = LOSSES["cross_entropy"]()
    targets = loss.draw_targets(np.random.default_rng(3), (7, classes), dtype)
    value, gradient = loss.evaluate(np.zeros((7, classes), dtype), targets)
    npt.assert_allclose(value, math.log(classes), rtol=1e-14)
    rtol = 1e-6 if dtype == np.float32 else 1e-13
    npt.assert_allclose(np.linalg.norm(gradient, axis=-1), math.sqrt(1.0 - 1.0 / classes) / 7, rtol=rtol)


@pytest.mark.parametrize("factor", [0.25, 8.0])
def test_a_scaled_mean_squared_error_scales_its_gradient(factor):
    loss = LOSSES["mse"]()
    outputs, targets = case(loss, (5, 4))
    value, gradient = loss.evaluate(outputs, targets)
    npt.assert_allclose(gradient, 2.0 * (outputs - targets) / 20.0, rtol=1e-14)
    scaled, scaled_gradient = loss.evaluate(factor * outputs, factor * targets)
    npt.assert_allclose(scaled, factor**2 * value, rtol=1e-14)
    npt.assert_allclose(scaled_gradient, factor * gradient, rtol=1e-14)


@every_loss
def test_the_mean_of_a_batch_is_the_mean_of_its_samples(loss):
    outputs, targets = case(loss, (6, 4, 3))
    value, gradient = loss.evaluate(outputs, targets)
    if value is None:
        return
    samples = [loss.evaluate(outputs[[b]], targets[[b]]) for b in range(6)]
    npt.assert_allclose(value, np.mean([sample for sample, _ in samples]), rtol=1e-13)
    npt.assert_allclose(gradient, np.concatenate([rows for _, rows in samples]) / 6.0, rtol=1e-12)


def test_huber_is_half_the_squared_error_inside_and_a_line_outside():
    inside, outside = np.array([[0.5, -0.25]]), np.array([[3.0, -7.0]])
    target = np.zeros((1, 2))
    huber, mse, mae = (LOSSES[name]() for name in ("huber", "mse", "mae"))
    assert huber.evaluate(inside, target)[0] == 0.5 * mse.evaluate(inside, target)[0]
    assert huber.evaluate(outside, target)[0] == mae.evaluate(outside, target)[0] - 0.5


# Targets and the loss to expect


@every_loss
@both_precisions
def test_zero_outputs_cost_what_is_expected(loss, dtype):
    shape = (100_000, 4)
    targets = loss.draw_targets(np.random.default_rng(4), shape, dtype)
    value, gradient = loss.evaluate(np.zeros(shape, dtype), targets)
    assert gradient.dtype == dtype
    expected = loss.expected(shape)
    if expected is None:
        assert value is None
    else:
        npt.assert_allclose(value, expected, rtol=0.01)


def test_known_expectations():
    assert LOSSES["cross_entropy"]().expected((64, 10)) == math.log(10)
    assert LOSSES["cross_entropy"]().expected((64, 7, 1000)) == math.log(1000)
    assert LOSSES["binary_cross_entropy"]().expected((64, 10)) == math.log(2)
    assert LOSSES["mse"]().expected((64, 10)) == 1.0
    assert LOSSES["mae"]().expected((64, 10)) == math.sqrt(2 / math.pi)
    assert LOSSES["random_cotangent"]().expected((64, 10)) is None


@pytest.mark.parametrize("delta", [0.1, 1.0, 3.0])
def test_expected_huber_is_the_gaussian_integral(delta):
    x, weights = np.polynomial.legendre.leggauss(60)
    total = 0.0
    for low, high in ((0.0, delta), (delta, 12.0)):
        z = low + (high - low) * (x + 1.0) / 2.0
        penalty = np.where(z <= delta, z**2 / 2.0, delta * (z - delta / 2.0))
        total += (high - low) * weights @ (penalty * np.exp(-z * z / 2.0)) / math.sqrt(2.0 * math.pi)
    npt.assert_allclose(LOSSES["huber"](delta).expected((1, 1)), total, rtol=1e-12)


@every_loss
@every_shape
def test_targets_are_the_same_in_either_precision(loss, shape):
    narrow = loss.draw_targets(np.random.default_rng(5), shape, np.float32)
    wide = loss.draw_targets(np.random.default_rng(5), shape, np.float64)
    npt.assert_array_equal(narrow, wide)
    if loss.classes:
        assert narrow.dtype.kind == "i"
        assert narrow.shape == shape[:-1]
    else:
        assert (narrow.dtype, wide.dtype) == (np.float32, np.float64)
        assert narrow.shape == shape


def test_classes_are_uniform_and_coins_are_fair():
    rng = np.random.default_rng(6)
    counts = np.bincount(LOSSES["cross_entropy"]().draw_targets(rng, (50_000, 5), np.float32), minlength=5)
    npt.assert_allclose(counts, 10_000, atol=5 * math.sqrt(8000))
    coins = LOSSES["binary_cross_entropy"]().draw_targets(rng, (50_000, 1), np.float32)
    assert set(np.unique(coins)) == {0.0, 1.0}
    npt.assert_allclose(coins.mean(), 0.5, atol=5 * 0.5 / math.sqrt(50_000))


@pytest.mark.parametrize("name", ["mse", "mae", "huber", "random_cotangent"])
def test_regression_targets_are_standard_normal(name):
    targets = LOSSES[name]().draw_targets(np.random.default_rng(7), (500, 200), np.float64)
    npt.assert_allclose(targets.mean(), 0.0, atol=5 / math.sqrt(100_000))
    npt.assert_allclose(targets.var(), 1.0, atol=5 * math.sqrt(2 / 100_000))


# Precision and extremes


@every_loss
@every_shape
@both_precisions
def test_precision_is_kept_and_nothing_is_overwritten(loss, shape, dtype):
    outputs, targets = case(loss, shape, dtype)
    kept = outputs.copy(), targets.copy()
    value, gradient = loss.evaluate(outputs, targets)
    assert value is None or type(value) is float
    assert gradient.dtype == dtype
    assert gradient.shape == outputs.shape
    npt.assert_array_equal(outputs, kept[0])
    npt.assert_array_equal(targets, kept[1])
    wide_value, wide_gradient = loss.evaluate(outputs.astype(np.float64), targets)
    npt.assert_allclose(gradient, wide_gradient, rtol=5e-6, atol=1e-8)
    assert value is None or math.isclose(value, wide_value, rel_tol=1e-6)


@pytest.mark.parametrize("margin", [12.0, 20.0, 60.0])
@both_precisions
def test_a_sure_and_right_classifier_keeps_its_small_loss_and_gradient(margin, dtype):
    outputs = np.array([[0.0, margin, 0.0]], dtype=dtype)
    value, gradient = LOSSES["cross_entropy"]().evaluate(outputs, np.array([1]))
    small = math.exp(-margin)
    npt.assert_allclose(value, math.log1p(2.0 * small), rtol=1e-5 if dtype == np.float32 else 1e-14)
    share = small / (1.0 + 2.0 * small)
    npt.assert_allclose(gradient, [[share, -2.0 * share, share]], rtol=1e-5 if dtype == np.float32 else 1e-14)


@pytest.mark.parametrize("margin", [12.0, 20.0, 60.0])
@both_precisions
def test_a_sure_and_right_coin_keeps_its_small_loss_and_gradient(margin, dtype):
    outputs, targets = np.array([[margin, -margin]], dtype=dtype), np.array([[1.0, 0.0]], dtype=dtype)
    value, gradient = LOSSES["binary_cross_entropy"]().evaluate(outputs, targets)
    small = math.exp(-margin)
    npt.assert_allclose(value, math.log1p(small), rtol=1e-14)
    npt.assert_allclose(gradient, [[-small / 2, small / 2] / np.float64(1.0 + small)], rtol=1e-6)


@both_precisions
def test_huge_logits_cost_what_they_should(dtype):
    outputs = np.array([[1e30, -1e30, 0.0], [1e30, -1e30, 0.0]], dtype=dtype)
    size = float(outputs[0, 0])
    loss = LOSSES["cross_entropy"]()
    with raising():
        right = loss.evaluate(outputs, np.array([0, 0]))
        wrong = loss.evaluate(outputs, np.array([1, 2]))
    assert right[0] == 0.0
    npt.assert_array_equal(right[1], 0.0)
    assert wrong[0] == 1.5 * size
    npt.assert_array_equal(wrong[1], [[0.5, -0.5, 0.0], [0.5, 0.0, -0.5]])


def test_the_loss_has_more_digits_than_the_outputs():
    outputs = np.array([[1e8, 3.0]], dtype=np.float32)
    assert LOSSES["cross_entropy"]().evaluate(outputs, np.array([1]))[0] == 99_999_997.0
    assert LOSSES["mae"]().evaluate(outputs, np.array([[-3.0, 3.0]], np.float32))[0] == 50_000_001.5


def test_logits_at_the_ends_of_float32_have_a_loss_beyond_them():
    largest = np.finfo(np.float32).max
    with raising():
        value, gradient = LOSSES["cross_entropy"]().evaluate(np.array([[largest, -largest]]), np.array([1]))
    assert value == 2.0 * float(largest)
    npt.assert_array_equal(gradient, [[1.0, -1.0]])


@both_precisions
def test_huge_coins_cost_what_they_should(dtype):
    outputs = np.array([[1e30, -1e30, 1e30, -1e30]], dtype=dtype)
    targets = np.array([[1.0, 0.0, 0.0, 1.0]], dtype=dtype)
    with raising():
        value, gradient = LOSSES["binary_cross_entropy"]().evaluate(outputs, targets)
    assert value == 0.5 * float(outputs[0, 0])
    npt.assert_array_equal(gradient, [[0.0, 0.0, 0.25, -0.25]])


@pytest.mark.parametrize(
    ("name", "value", "gradient"), [("mse", 1e60, 1e30), ("mae", 1e30, 0.5), ("huber", 1e30, 0.5)]
)
@both_precisions
def test_huge_errors_do_not_overflow(name, value, gradient, dtype):
    outputs, targets = np.array([[1e30, -1e30]], dtype=dtype), np.array([[1.0, 1.0]], dtype=dtype)
    with raising():
        found, slope = LOSSES[name]().evaluate(outputs, targets)
    npt.assert_allclose(found, value, rtol=1e-6)
    npt.assert_allclose(slope, [[gradient, -gradient]], rtol=1e-6)


@every_loss
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
@both_precisions
def test_outputs_that_are_not_finite_never_cost_a_healthy_number(loss, bad, place, dtype):
    outputs, _ = case(loss, (2, 3), dtype)
    outputs[1, place] = bad
    for seed in range(6):
        targets = loss.draw_targets(np.random.default_rng(seed), (2, 3), dtype)
        with np.errstate(all="ignore"):
            value, _ = loss.evaluate(outputs, targets)
        assert value is None or not math.isfinite(value)


# Targets that do not fit


def mistake(name, outputs, targets):
    with pytest.raises(Mistake) as caught:
        LOSSES[name]().evaluate(np.asarray(outputs, dtype=np.float64), np.asarray(targets))
    return caught.value.fact, caught.value.hint


@pytest.mark.parametrize("name", ["binary_cross_entropy", "mse", "mae", "huber", "random_cotangent"])
def test_targets_of_another_shape_are_refused_rather_than_broadcast(name):
    assert mistake(name, np.zeros((3, 1)), np.zeros(3)) == (
        "targets of shape [3] do not fit outputs of shape [3, 1]",
        "this loss takes one target an output",
    )


@pytest.mark.parametrize("targets", [np.zeros((3, 1), int), np.zeros((3, 2), int), np.zeros(3)])
def test_classes_of_another_shape_or_kind_are_refused(targets):
    assert mistake("cross_entropy", np.zeros((3, 2)), targets) == (
        f"{targets.dtype} targets of shape {list(targets.shape)} do not fit outputs of shape [3, 2]",
        "this loss takes whole numbers of shape [3], one class a row of outputs",
    )


@pytest.mark.parametrize(("targets", "said"), [([-1, 1], "-1 to 1"), ([0, 3], "0 to 3")])
def test_classes_that_do_not_exist_are_refused(targets, said):
    assert mistake("cross_entropy", np.zeros((2, 3)), targets) == (
        f"targets go from {said}, but there are 3 outputs",
        "classes are numbered from 0 to 2",
    )


@pytest.mark.parametrize(
    ("targets", "said"),
    [([[0.0, 2.0]], "0 to 2"), ([[-0.5, 1.0]], "-0.5 to 1"), ([[math.nan, 1.0]], "nan to nan")],
)
def test_targets_that_are_no_probabilities_are_refused(targets, said):
    assert mistake("binary_cross_entropy", np.zeros((1, 2)), targets) == (
        f"targets go from {said}",
        "this loss takes probabilities, from 0 to 1",
    )
