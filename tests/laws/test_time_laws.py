"""The gradient's way through time where it is known: orthogonal recurrences, and a cell that only
remembers."""

import math
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradscope
from gradscope.probe.summary import StateSummary
from tests.strategies import few, seeds

TOLERANCE = 1e-10


def through_time(layer: dict[str, Any], length: int, **rest: Any) -> StateSummary:
    """What a recurrent layer alone reports, on unit Gaussian inputs."""
    source = {
        "input": {"length": length, "features": 8},
        "batch": {"size": 4},
        "layers": [layer, "last_step"],
        "loss": "random_cotangent",
        "trials": 1,
        "dtype": "float64",
        **rest,
    }
    report = gradscope.diagnose(gradscope.load_config(source))
    time = report.layers[0].time
    assert time is not None
    return time.forward


def linear(gain: float) -> dict[str, Any]:
    return {"rnn": {"units": 16, "activation": "linear", "recurrent_init": {"orthogonal": gain}}}


@pytest.mark.parametrize(("gain", "factor"), [(0.9, 2.656140e-5), (1.1, 1.378061e4), (1.0, 1.0)])
def test_a_linear_rnn_keeps_gain_to_the_power_of_the_steps(gain: float, factor: float) -> None:
    """g × orthogonal: exactly gᵀ between states T steps apart (Saxe, McClelland & Ganguli 2014)."""
    found = through_time(linear(gain), 101)
    steps = np.diff(found.log10_rms)
    npt.assert_allclose(10.0 ** (found.log10_rms[0] - found.log10_rms[-1]), factor, rtol=1e-6)
    npt.assert_allclose(steps, -math.log10(gain), atol=TOLERANCE)
    npt.assert_allclose(found.gain_per_step, gain, rtol=TOLERANCE)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_thousand_steps_of_a_tenth_are_a_number(dtype: str) -> None:
    found = through_time(linear(0.1), 1001, dtype=dtype)
    npt.assert_allclose(found.log10_rms[0] - found.log10_rms[-1], -1000.0, rtol=1e-6)
    npt.assert_allclose(found.half_life, math.log(0.5) / math.log(0.1), rtol=1e-5)


def test_orthogonal_does_not_keep_the_gradient_of_a_tanh_rnn() -> None:
    """Under unit inputs the slopes of tanh take their toll at every step."""
    found = through_time({"rnn": {"units": 64, "recurrent_init": "orthogonal", "init": "glorot_uniform"}}, 60)
    assert found.gain_per_step is not None
    assert found.gain_per_step < 0.9


@few
@given(seed=seeds(), forget_bias=st.floats(-3.0, 5.0))
def test_a_cell_without_inputs_forgets_by_its_forget_gate(seed: int, forget_bias: float) -> None:
    """All weights zero: ∂L/∂c falls by σ(b_f) a step, and nothing comes back through h."""
    options = {"units": 4, "init": "zeros", "recurrent_init": "zeros", "forget_bias": forget_bias}
    found = through_time({"lstm": options}, 12, seed=seed)
    kept = 1.0 / (1.0 + math.exp(-forget_bias))
    # The last step has the gradient of h besides.
    npt.assert_allclose(np.diff(found.log10_rms[:-1]), -math.log10(kept), atol=TOLERANCE)


@few
@given(seed=seeds(), horizon=st.integers(3, 500))
def test_chrono_biases_spread_the_memory_up_to_the_horizon(seed: int, horizon: int) -> None:
    """b_f = ln U(1, T − 1): units forget by u/(1 + u) a step, between 1/2 and 1 − 1/T (Tallec & Ollivier
    2018)."""
    options = {"units": 4, "init": "zeros", "recurrent_init": "zeros", "forget_bias": {"chrono": horizon}}
    config = gradscope.load_config(
        {"input": {"length": 2, "features": 3}, "layers": [{"lstm": options}], "seed": seed}
    )
    i, f, g, o = np.split(gradscope.build_network(config).parameters()["lstm1.bias"].astype(np.float64), 4)
    npt.assert_array_equal(i, -f)
    assert (g == 0.0).all()
    assert (o == 0.0).all()
    kept = 1.0 / (1.0 + np.exp(-f))
    assert (kept >= 0.5 - 1e-6).all()
    assert (kept <= 1.0 - 1.0 / horizon + 1e-6).all()


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_the_cotangent_has_unit_size(kind: str) -> None:
    """At the last step the gradient of h is N(0, 1) itself; of an LSTM c has its part, and h half of the
    count."""
    found = through_time({kind: {"units": 512}}, 2)
    expected = 0.5 * math.log10(0.5) if kind == "lstm" else 0.0
    assert expected - 0.02 < found.log10_rms[-1] < expected + (0.2 if kind == "lstm" else 0.02)
