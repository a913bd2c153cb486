"""Identities between gradients, outputs and weights that hold whatever is drawn: to 1e-10 in float64."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine import Array
from gradscope.engine.layers.normalization import BATCH, LAYER, RMS, Normalization, Scheme
from gradscope.engine.signal import Signal
from tests.collecting import Collector
from tests.engine.layer_cases import info
from tests.laws.measuring import Pass, run_once
from tests.strategies import few, seeds, sizes

TOLERANCE = 1e-10

LOSSES = ["cross_entropy", "binary_cross_entropy", "mse", "mae", "huber", "random_cotangent"]
every_loss = pytest.mark.parametrize("loss", LOSSES)
every_homogeneous = pytest.mark.parametrize(
    "activation", ["relu", "linear", {"leaky_relu": 0.2}, {"prelu": 0.3}], ids=str
)
widths = st.lists(sizes(8), min_size=1, max_size=4)


def stack(activation: Any, units: list[int], **rest: Any) -> dict[str, Any]:
    """Bias-free dense layers with an activation between them, six features in, four out."""
    hidden = [layer for width in units for layer in (dense(width), activation)]
    return {"input": 6, "batch": {"size": 5}, "init": "he_normal", "layers": [*hidden, dense(4)], **rest}


def dense(units: int, init: Any = "he_normal") -> dict[str, Any]:
    return {"dense": {"units": units, "bias": False, "init": init}}


def inner(x: Array, y: Array) -> float:
    return float(np.vdot(x, y))


def weights(found: Pass) -> list[tuple[Array, Array]]:
    """W and dW of every dense layer, in forward order."""
    return [
        (array, found.heard.gradients[name])
        for name, array in found.parameters.items()
        if name.endswith(".weight")
    ]


def check_equal(found: float, expected: float, size: float) -> None:
    """Two sums of numbers of this size."""
    assert abs(found - expected) <= TOLERANCE * size


# One sample, and the losses on top


@every_loss
@few
@given(seed=seeds(), width=sizes(20))
def test_gradient_of_one_sample_is_an_outer_product(loss: str, seed: int, width: int) -> None:
    """‖dW‖ = ‖dz‖ ‖h‖ and db = dz for a batch of one; for more, db is the sum over the batch."""
    layers = [{"dense": width}, "tanh", {"dense": 3}]
    source = {"input": 7, "layers": layers, "loss": loss}
    one = run_once({**source, "batch": {"size": 1}}, seed=seed)
    for name, h in [("dense1", one.inputs), ("dense2", one.heard.outputs["tanh1"])]:
        dz, dw = one.heard.output_gradients[name], one.heard.gradients[f"{name}.weight"]
        npt.assert_allclose(np.linalg.norm(dw), np.linalg.norm(dz) * np.linalg.norm(h), rtol=TOLERANCE)
        npt.assert_allclose(one.heard.gradients[f"{name}.bias"], dz[0], rtol=TOLERANCE)
    many = run_once({**source, "batch": {"size": 9}}, seed=seed).heard
    for name in ("dense1", "dense2"):
        summed = many.output_gradients[name].sum(axis=0)
        npt.assert_allclose(many.gradients[f"{name}.bias"], summed, rtol=TOLERANCE, atol=1e-14)


@few
@given(seed=seeds(), batch=sizes(10), classes=st.integers(2, 12))
def test_logit_gradients_of_cross_entropy(seed: int, batch: int, classes: int) -> None:
    """Rows add up to zero and are bounded; a head of zeros gives √(1 − 1/K)/B for every sample."""
    for init, exact in [("he_normal", False), ("zeros", True)]:
        source = {"input": 6, "batch": {"size": batch}, "layers": [dense(classes, init)]}
        rows = run_once(source, seed=seed).heard.output_gradients["dense1"]
        norms = np.linalg.norm(rows, axis=1)
        npt.assert_allclose(rows.sum(axis=1), 0.0, atol=TOLERANCE)
        assert (norms <= math.sqrt(2.0) / batch * (1.0 + TOLERANCE)).all()
        assert (np.abs(rows).sum(axis=1) <= 2.0 / batch * (1.0 + TOLERANCE)).all()
        if exact:
            npt.assert_allclose(norms, math.sqrt(1.0 - 1.0 / classes) / batch, rtol=TOLERANCE)


@few
@given(seed=seeds(), factor=st.floats(1e-3, 1e3))
def test_gradients_are_linear_in_the_upstream_one(seed: int, factor: float) -> None:
    """Multiplying the loss by a number multiplies every gradient; that of mse is 2(f − y)/(BK)."""
    found = run_once(stack("tanh", [7, 5], loss="mse"), seed=seed)
    dy = 2.0 * (found.heard.outputs["dense3"] - found.targets) / (5 * 4)
    npt.assert_allclose(found.heard.output_gradients["dense3"], dy, rtol=TOLERANCE)
    scaled = Collector()
    caches = found.network.trunk.forward(found.inputs)[1]
    found.network.trunk.backward(Signal(factor * dy), caches, scaled)
    for name, gradient in found.heard.gradients.items():
        npt.assert_allclose(scaled.gradients[name], factor * gradient, rtol=TOLERANCE, atol=1e-14 * factor)


# Homogeneous networks


@every_homogeneous
@every_loss
@few
@given(seed=seeds(), units=widths)
def test_weights_times_gradients_is_the_same_for_every_layer(
    activation: Any, loss: str, seed: int, units: list[int]
) -> None:
    """Σ W·dW over a layer equals Σ ⟨f, ∂L/∂f⟩ over the batch, since f is linear in each W (Euler)."""
    found = run_once(stack(activation, units, loss=loss), seed=seed)
    head = f"dense{len(units) + 1}"
    f, df = found.heard.outputs[head], found.heard.output_gradients[head]
    for w, dw in weights(found):
        check_equal(inner(w, dw), inner(f, df), inner(abs(w), abs(dw)) + inner(abs(f), abs(df)))


@every_homogeneous
@few
@given(seed=seeds(), units=widths)
def test_every_neuron_balances_what_comes_in_and_goes_out(
    activation: Any, seed: int, units: list[int]
) -> None:
    """⟨w_in, dw_in⟩ = ⟨w_out, dw_out⟩ for every hidden neuron (Du, Hu & Lee 2018, theorem 2.1)."""
    pairs = weights(run_once(stack(activation, units), seed=seed))
    for (w_in, dw_in), (w_out, dw_out) in pairwise(pairs):
        npt.assert_allclose(
            np.sum(w_in * dw_in, axis=0), np.sum(w_out * dw_out, axis=1), rtol=TOLERANCE, atol=1e-12
        )


@every_homogeneous
@few
@given(seed=seeds(), factor=st.floats(1e-2, 1e2), scaled=st.integers(0, 2))
def test_scaling_one_layer_scales_the_gradients_of_the_others(
    activation: Any, seed: int, factor: float, scaled: int
) -> None:
    """By the same factor, and its own not at all, the upstream gradient being fixed."""
    plain = stack(activation, [7, 5], loss="random_cotangent")
    layers = list(plain["layers"])
    place = 2 * scaled
    layers[place] = dense(layers[place]["dense"]["units"], {"he_normal": {"gain": factor}})
    before = weights(run_once(plain, seed=seed))
    after = weights(run_once({**plain, "layers": layers}, seed=seed))
    for number, ((_, dw), (_, again)) in enumerate(zip(before, after, strict=True)):
        expected = dw if number == scaled else factor * dw
        npt.assert_allclose(again, expected, rtol=TOLERANCE, atol=TOLERANCE * np.abs(expected).max())


# Normalisations


def normalised(
    scheme: Scheme, eps: float, seed: int, shape: tuple[int, int]
) -> tuple[Array, Array, Array, Array, Array]:
    """x, x̂, v, dy and dx without gain and bias; the normalised axis is the last of all five."""
    rng = np.random.default_rng(seed)
    layer = Normalization(info("norm"), scheme, eps, None, None)
    x, dy = rng.standard_normal(shape) + 0.3, rng.standard_normal(shape)
    hat, cache = layer.forward(x)
    dx, _ = layer.backward(dy, cache)
    arrays = [array.T if scheme is BATCH else array for array in (x, hat, dy, dx)]
    centre = arrays[0].mean(axis=1, keepdims=True) if scheme.centred else 0.0
    v = np.mean(np.square(arrays[0] - centre), axis=1)
    return arrays[0], arrays[1], v, arrays[2], arrays[3]


@pytest.mark.parametrize("eps", [0.0, 1e-3, 1.0])
@pytest.mark.parametrize("scheme", [BATCH, LAYER], ids=lambda scheme: scheme.name)
@few
@given(seed=seeds(), shape=st.tuples(st.integers(3, 12), st.integers(3, 12)))
def test_backward_of_batch_and_layer_norm(
    scheme: Scheme, eps: float, seed: int, shape: tuple[int, int]
) -> None:
    """Σ dx = 0 and ⟨dx, x̂⟩ = eps/(v + eps)·⟨dy, x̂⟩/√(v + eps), zero for eps = 0."""
    _, hat, v, dy, dx = normalised(scheme, eps, seed, shape)
    npt.assert_allclose(dx.sum(axis=1), 0.0, atol=TOLERANCE)
    npt.assert_allclose(
        np.sum(dx * hat, axis=1), eps / (v + eps) ** 1.5 * np.sum(dy * hat, axis=1), atol=TOLERANCE
    )


@few
@given(seed=seeds(), shape=st.tuples(st.integers(3, 12), st.integers(3, 12)))
def test_backward_of_rms_norm(seed: int, shape: tuple[int, int]) -> None:
    """⟨dx, x⟩ = 0 for eps = 0, but the mean is not taken out: Σ dx is not zero."""
    x, _, _, _, dx = normalised(RMS, 0.0, seed, shape)
    npt.assert_allclose(np.sum(dx * x, axis=1), 0.0, atol=TOLERANCE)
    assert np.abs(dx.sum(axis=1)).max() > 1e-3


@pytest.mark.parametrize("eps", [0.0, 1e-3, 1.0])
@few
@given(seed=seeds(), width=sizes(8))
def test_weights_that_feed_a_batch_norm(eps: float, seed: int, width: int) -> None:
    """⟨w_j, dw_j⟩ = eps/(v_j + eps)·⟨dy, x̂⟩_j: for eps = 0 the loss does not see the scale of w_j."""
    norm = {"batch_norm": {"eps": eps, "affine": False}}
    source = {"input": 6, "batch": {"size": 9}, "layers": [dense(width), norm, "tanh", dense(4)]}
    found = run_once(source, seed=seed)
    w, dw = weights(found)[0]
    v = found.heard.outputs["dense1"].var(axis=0)
    dy, hat = found.heard.output_gradients["batch_norm1"], found.heard.outputs["batch_norm1"]
    expected = eps / (v + eps) * np.sum(dy * hat, axis=0)
    npt.assert_allclose(np.sum(w * dw, axis=0), expected, atol=TOLERANCE)


@few
@given(seed=seeds(), factor=st.floats(0.01, 100.0))
def test_scaling_weights_before_a_batch_norm_scales_their_gradient_inversely(
    seed: int, factor: float
) -> None:
    def gradient(gain: float) -> Array:
        norm = {"batch_norm": {"eps": 0}}
        layers = [dense(5, {"he_normal": {"gain": gain}}), norm, "tanh", dense(4)]
        return weights(run_once({"input": 6, "batch": {"size": 9}, "layers": layers}, seed=seed))[0][1]

    npt.assert_allclose(factor * gradient(factor), gradient(1.0), rtol=1e-8, atol=TOLERANCE)


@few
@given(seed=seeds(), eps=st.sampled_from([0.0, 1e-5, 1.0]))
def test_a_bias_before_a_batch_norm_has_no_gradient(seed: int, eps: float) -> None:
    layers = [{"dense": 5}, {"batch_norm": {"eps": eps}}, "tanh", {"dense": 4}]
    heard = run_once({"input": 6, "batch": {"size": 9}, "layers": layers}, seed=seed).heard
    npt.assert_allclose(heard.gradients["dense1.bias"], 0.0, atol=TOLERANCE)
    assert np.abs(heard.gradients["batch_norm1.bias"]).max() > 1e-6
