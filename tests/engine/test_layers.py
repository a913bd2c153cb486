"""Every layer against central differences, and what all promise: values in, values out, nothing kept."""

from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

from gradscope.engine import Array
from gradscope.engine.layer import Container
from gradscope.engine.layers.dropout import Dropout
from gradscope.engine.layers.normalization import Scheme
from gradscope.engine.random import Stream
from gradscope.engine.sequence import Sequence
from gradscope.engine.signal import Signal
from tests.collecting import collect
from tests.engine.layer_cases import (
    LAYER_CASES,
    NORM_SHAPES,
    SCHEMES,
    Parameters,
    activation,
    dense,
    dropout,
    info,
    norm,
    residual,
)
from tests.finite_differences import numerical_gradient

every_layer = pytest.mark.parametrize("name", LAYER_CASES)


def tried(name: str, dtype: type[np.floating] = np.float64) -> tuple[Sequence, Parameters, Array, Array]:
    """The layer, its parameters, an input and an upstream gradient."""
    case = LAYER_CASES[name]
    take = Parameters(1, dtype)
    sequence = Sequence((case.make(take),))
    rng = np.random.default_rng(2)
    x = rng.standard_normal(case.shape).astype(dtype)
    y = sequence.forward(x)[0]
    return sequence, take, x, rng.standard_normal(y.shape).astype(dtype)


# Gradients


@every_layer
def test_input_gradient_against_central_differences(name: str) -> None:
    sequence, _, x, dy = tried(name)
    dx, _ = collect(sequence, x, dy)
    expected = numerical_gradient(lambda v: float(np.vdot(dy, sequence.forward(v)[0])), x)
    npt.assert_allclose(dx, expected, rtol=1e-5, atol=1e-7)


@every_layer
def test_parameter_gradients_against_central_differences(name: str) -> None:
    sequence, take, x, dy = tried(name)
    _, heard = collect(sequence, x, dy)
    assert set(heard.gradients) == set(take.arrays)
    for parameter, value in list(take.arrays.items()):

        def objective(array: Array, parameter: str = parameter) -> float:
            take.arrays[parameter] = array
            return float(np.vdot(dy, Sequence((LAYER_CASES[name].make(take),)).forward(x)[0]))

        expected = numerical_gradient(objective, value).reshape(heard.gradients[parameter].shape)
        take.arrays[parameter] = value
        npt.assert_allclose(heard.gradients[parameter], expected, rtol=1e-5, atol=1e-7, err_msg=parameter)


# What every layer promises


@every_layer
def test_nothing_that_goes_in_is_written_to(name: str) -> None:
    sequence, take, x, dy = tried(name)
    before = {"x": x.copy(), "dy": dy.copy(), **{key: array.copy() for key, array in take.arrays.items()}}
    y, caches = sequence.forward(x)
    kept = y.copy()
    sequence.backward(Signal(dy), caches)
    for key, array in {"x": x, "dy": dy, **take.arrays}.items():
        npt.assert_array_equal(array, before[key])
    npt.assert_array_equal(y, kept)


@every_layer
def test_a_layer_can_be_used_twice_at_once(name: str) -> None:
    """Two forward passes before either goes back: all that differs between them is in the caches."""
    sequence, _, x, dy = tried(name)
    alone = collect(sequence, x, dy)[0]
    caches = sequence.forward(x)[1]
    sequence.forward(2.0 * x + 1.0)
    again = sequence.backward(Signal(dy), caches)
    npt.assert_array_equal(np.ldexp(again.mantissa, again.exponent), alone)


@every_layer
def test_float32_stays_float32(name: str) -> None:
    """Also close to float64, whatever the layer."""
    sequence, _, x, dy = tried(name, np.float32)
    y, caches = sequence.forward(x)
    dx = sequence.backward(Signal(dy), caches)
    assert {y.dtype, dx.mantissa.dtype} == {np.dtype(np.float32)}
    wide, _, _, _ = tried(name)
    npt.assert_allclose(y, wide.forward(x.astype(np.float64))[0], rtol=1e-4, atol=1e-5)


@every_layer
@pytest.mark.parametrize("exponent", [-3000, 3000])
def test_a_gradient_far_out_of_range_comes_through(name: str, exponent: int) -> None:
    """Backpropagation is linear: the same digits under another exponent."""
    sequence, _, x, dy = tried(name)
    near = sequence.backward(Signal(dy), sequence.forward(x)[1])
    far = sequence.backward(Signal(dy, exponent), sequence.forward(x)[1])
    npt.assert_array_equal(np.ldexp(far.mantissa, far.exponent - exponent - near.exponent), near.mantissa)


@every_layer
def test_parameters_are_told_by_name(name: str) -> None:
    sequence, take, _, _ = tried(name)
    told = {
        f"{step.info.name}.{key}": array
        for step in sequence.walk()
        for key, array in step.parameters().items()
    }
    assert set(told) == set(take.arrays)
    for key, array in told.items():
        npt.assert_array_equal(array.ravel(), take.arrays[key].ravel())


# Normalisation


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("shape", NORM_SHAPES, ids=str)
def test_which_entries_are_normalised_together(scheme: Scheme, shape: tuple[int, ...]) -> None:
    """One by one, by index: features (B, F), sequences (B, T, F), images (B, C, H, W)."""
    x = np.random.default_rng(3).standard_normal(shape)
    expected = np.empty_like(x)
    # Views with the features last, whatever the array.
    rows, out = (np.moveaxis(array, 1, -1) if x.ndim == 4 else array for array in (x, expected))
    features = rows.shape[-1]
    half = features // 2
    together: dict[str, list[tuple[Any, ...]]] = {
        "batch": [(..., feature) for feature in range(features)],
        "group": [(b, ..., slice(first, first + half)) for b in range(len(x)) for first in (0, half)],
        "layer": list(np.ndindex(rows.shape[:-1])),
        "rms": list(np.ndindex(rows.shape[:-1])),
    }
    for part in together[scheme.name]:
        centre = rows[part].mean() if scheme.centred else 0.0
        out[part] = (rows[part] - centre) / np.sqrt(np.mean((rows[part] - centre) ** 2) + 0.1)
    layer = norm(Parameters(0), scheme, features, 0.1, affine=False)
    npt.assert_allclose(Sequence((layer,)).forward(x)[0], expected, rtol=1e-12)


# Dropout


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.99])
def test_dropout_zeroes_its_share_and_keeps_the_mean(rate: float) -> None:
    entries = 200_000
    y = Sequence((dropout(rate),)).forward(np.ones((entries // 100, 100)))[0]
    assert set(np.unique(y)) <= {0.0, 1.0 / (1.0 - rate)}
    zeros = int(np.count_nonzero(y == 0.0))
    assert abs(zeros - rate * entries) <= 5.0 * np.sqrt(entries * rate * (1.0 - rate))


def test_every_pass_has_a_mask_of_its_own_and_always_the_same() -> None:
    layer = Dropout(info("dropout"), 0.5, Stream(0, 0, "mask"))
    ones = np.ones((20, 30))
    masks = [layer.at_pass(number).forward(ones)[0] for number in (0, 1, 2)]
    npt.assert_array_equal(masks[0], layer.forward(ones)[0])
    for number, mask in enumerate(masks):
        npt.assert_array_equal(layer.at_pass(2).at_pass(number).forward(ones)[0], mask)
    assert not np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[1], masks[2])


def test_only_what_draws_is_made_anew_for_a_pass() -> None:
    take = Parameters(0)
    still = Sequence((dense(take, "a", 3, 3), residual(dense(take, "b", 3, 3))))
    assert still.at_pass(5) is still
    moving = Sequence((*still.steps, residual(dropout(0.5), activation("relu"))))
    later = moving.at_pass(1)
    assert later is not moving
    assert later.steps[:2] == still.steps
    inner = later.steps[2]
    assert isinstance(inner, Container)
    assert isinstance(inner.inner()[0], Dropout)


# Containers


def test_a_branch_that_is_off_gets_an_exact_zero_gradient() -> None:
    sequence, _, x, dy = tried("residual, branch off")
    dx, heard = collect(sequence, x, dy)
    npt.assert_array_equal(dx, dy)
    assert not heard.gradients["a.weight"].any()


def test_a_branch_keeps_a_gradient_that_the_shortcut_dwarfs() -> None:
    """Inside, the signal is scaled by 1e-60, far below float32; the sum outside is the shortcut's alone."""
    take = Parameters(0, np.float32)
    sequence = Sequence((residual(dense(take, "a", 3, 3), scale=1e-60),))
    x, dy = np.ones((2, 3), dtype=np.float32), np.ones((2, 3), dtype=np.float32)
    _, heard = collect(sequence, x, dy)
    npt.assert_allclose(heard.log2_l2["a"] - heard.log2_l2["residual"], np.log2(1e-60), atol=1e-6)


def test_an_empty_sequence_is_the_identity() -> None:
    x = np.array([[1.0, -2.0]])
    y, caches = Sequence(()).forward(x)
    npt.assert_array_equal(y, x)
    npt.assert_array_equal(Sequence(()).backward(Signal(x), caches).mantissa, x)


def test_concat_puts_the_input_first() -> None:
    sequence, _, x, _ = tried("concat")
    npt.assert_array_equal(sequence.forward(x)[0][:, : x.shape[1]], x)
    images, _, x, _ = tried("concat of images")
    npt.assert_array_equal(images.forward(x)[0][:, : x.shape[1]], x)


def test_flatten_is_in_c_order() -> None:
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    npt.assert_array_equal(
        Sequence((LAYER_CASES["flatten an image"].make(Parameters(0)),)).forward(x)[0],
        np.arange(24.0).reshape(2, 12),
    )
