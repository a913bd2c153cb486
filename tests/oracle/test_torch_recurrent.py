"""Recurrent layers against PyTorch's own, over random shapes: output, every gradient, the way through
time."""

from typing import Any

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradscope
from gradscope.engine import Array
from gradscope.engine.layers.recurrent import Recurrent
from gradscope.engine.signal import Signal
from tests.collecting import collect
from tests.engine.making import Parameters
from tests.engine.sequence_cases import recurrent
from tests.strategies import bounded, few, seeds, sizes

torch = pytest.importorskip("torch")

from gradscope.engine.sequence import SILENT, Sequence  # noqa: E402
from tests.oracle import torch_recurrent as oracle  # noqa: E402

TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
KINDS = ["rnn", "lstm", "gru"]
every_kind = pytest.mark.parametrize("kind", KINDS)


def shapes() -> st.SearchStrategy[tuple[int, int, int, int]]:
    """Samples, steps, fan in, units."""
    return st.tuples(sizes(4), sizes(7), sizes(5), sizes(6))


def wide() -> st.SearchStrategy[tuple[int, int, int, int]]:
    """So large that products are cut into tiles, or would be if the units had a divisor for it."""
    return st.tuples(
        st.sampled_from([16, 32, 47]),
        sizes(3),
        st.sampled_from([64, 131, 200]),
        st.sampled_from([131, 192, 256]),
    )


def drawn(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def assert_as_torch(kind: str, layer: Recurrent, x: Array, dy: Array, *, sequences: bool = True) -> None:
    """Output and every gradient, given that of the output."""
    dx, heard = collect(Sequence((layer,)), x, dy)
    module = oracle.module_of(kind, layer.parameters())
    inputs = torch.tensor(x, requires_grad=True)
    y = module(inputs)[0] if sequences else oracle.last_of(kind, module, inputs)
    y.backward(torch.tensor(dy))
    npt.assert_allclose(heard.outputs[kind], y.detach().numpy(), **TOLERANCE)
    npt.assert_allclose(dx, inputs.grad.numpy(), **TOLERANCE)
    expected = oracle.gradients_of(module, layer.parameters())
    assert {f"{kind}.{name}" for name in expected} == set(heard.gradients)
    for name, gradient in expected.items():
        npt.assert_allclose(heard.gradients[f"{kind}.{name}"], gradient, **TOLERANCE, err_msg=name)


@every_kind
@bounded
@given(shape=shapes(), seed=seeds(), forms=st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_output_and_gradients(
    kind: str, shape: tuple[int, int, int, int], seed: int, forms: tuple[bool, bool, bool]
) -> None:
    samples, steps, fan_in, units = shape
    bias, both, sequences = forms
    layer = recurrent(Parameters(seed), kind, fan_in, units, bias=bias, both=both, sequences=sequences)
    x = drawn(seed, samples, steps, fan_in)
    dy = drawn(seed + 1, samples, *([steps] if sequences else []), (1 + both) * units)
    assert_as_torch(kind, layer, x, dy, sequences=sequences)


@every_kind
@few
@given(shape=wide(), seed=seeds())
def test_many_units(kind: str, shape: tuple[int, int, int, int], seed: int) -> None:
    """Weights that a trained layer might have: those of N(0, 1) would shut every gate."""
    samples, steps, fan_in, units = shape
    take = Parameters(seed)
    recurrent(take, kind, fan_in, units)
    take.arrays = {name: array / np.sqrt(units) for name, array in take.arrays.items()}
    layer = recurrent(take, kind, fan_in, units)
    x, dy = drawn(seed, samples, steps, fan_in), drawn(seed + 1, samples, steps, units)
    assert_as_torch(kind, layer, x, dy)


@every_kind
@few
@given(shape=shapes(), seed=seeds(), both=st.booleans())
def test_two_layers_are_a_stack(kind: str, shape: tuple[int, int, int, int], seed: int, both: bool) -> None:
    """PyTorch's own module of two layers, in both directions too."""
    samples, steps, fan_in, units = shape
    width = (1 + both) * units
    lower = recurrent(Parameters(seed), kind, fan_in, units, both=both)
    upper = recurrent(Parameters(seed + 1), kind, width, units, both=both, name=f"{kind}2")
    x, dy = drawn(seed, samples, steps, fan_in), drawn(seed + 1, samples, steps, width)
    dx, heard = collect(Sequence((lower, upper)), x, dy)

    stack = oracle.stack_of(kind, [lower.parameters(), upper.parameters()])
    inputs = torch.tensor(x, requires_grad=True)
    y = stack(inputs)[0]
    y.backward(torch.tensor(dy))
    npt.assert_allclose(heard.outputs[f"{kind}2"], y.detach().numpy(), **TOLERANCE)
    npt.assert_allclose(dx, inputs.grad.numpy(), **TOLERANCE)
    for number, layer in enumerate((lower, upper)):
        expected = oracle.gradients_of(stack, layer.parameters(), number)
        for name, gradient in expected.items():
            found = heard.gradients[f"{layer.info.name}.{name}"]
            npt.assert_allclose(found, gradient, **TOLERANCE, err_msg=name)


@few
@given(shape=shapes(), seed=seeds())
def test_a_rectifying_cell(shape: tuple[int, int, int, int], seed: int) -> None:
    samples, steps, fan_in, units = shape
    layer = recurrent(Parameters(seed), "rnn", fan_in, units, activation="relu")
    x, dy = drawn(seed, samples, steps, fan_in), drawn(seed + 1, samples, steps, units)
    dx, heard = collect(Sequence((layer,)), x, dy)
    module = oracle.module_of("rnn", layer.parameters(), "relu")
    inputs = torch.tensor(x, requires_grad=True)
    y = module(inputs)[0]
    y.backward(torch.tensor(dy))
    npt.assert_allclose(heard.outputs["rnn"], y.detach().numpy(), **TOLERANCE)
    npt.assert_allclose(dx, inputs.grad.numpy(), **TOLERANCE)


@every_kind
@few
@given(shape=shapes(), seed=seeds())
def test_gradients_of_single_samples(kind: str, shape: tuple[int, int, int, int], seed: int) -> None:
    samples, steps, fan_in, units = shape
    layer = recurrent(Parameters(seed), kind, fan_in, units)
    x, dy = drawn(seed, samples, steps, fan_in), drawn(seed + 1, samples, steps, units)
    _, walks = layer.forward(x, SILENT)
    _, gradients = layer.backward(Signal(dy), walks, SILENT)
    for sample in range(samples):
        module = oracle.module_of(kind, layer.parameters())
        module(torch.tensor(x[sample : sample + 1]))[0].backward(torch.tensor(dy[sample : sample + 1]))
        alone = oracle.gradients_of(module, layer.parameters())
        for name in ("input.weight", "recurrent.weight"):
            found = gradients[name]
            l2 = np.ldexp(np.sqrt(found.sample_squares[sample]), found.sample_exponent)
            npt.assert_allclose(l2, np.linalg.norm(alone[name]), **TOLERANCE)


@every_kind
@bounded
@given(shape=shapes(), seed=seeds())
def test_the_gradient_of_the_state_at_every_step(
    kind: str, shape: tuple[int, int, int, int], seed: int
) -> None:
    samples, steps, fan_in, units = shape
    layer = recurrent(Parameters(seed), kind, fan_in, units)
    x, last = drawn(seed, samples, steps, fan_in), drawn(seed + 1, samples, units)
    direction = layer.directions["forward"]
    found = np.exp2(direction.state_gradients(last, direction.forward(x)))
    npt.assert_allclose(found, oracle.state_gradients(kind, layer.parameters(), x, last), **TOLERANCE)


@every_kind
def test_a_direction_that_goes_back_sees_the_sequence_reversed(kind: str) -> None:
    """Its way through time is that of a layer of the same weights on the sequence turned round."""
    layer = recurrent(Parameters(3), kind, 3, 4, both=True)
    x, last = drawn(4, 2, 6, 3), drawn(5, 2, 4)
    backward = layer.directions["backward"]
    found = np.exp2(backward.state_gradients(last, backward.forward(x)))
    parameters = {
        name.removeprefix("backward."): array
        for name, array in layer.parameters().items()
        if name.startswith("backward.")
    }
    expected = oracle.state_gradients(kind, parameters, x[:, ::-1].copy(), last)
    npt.assert_allclose(found, expected, **TOLERANCE)


@pytest.mark.parametrize("kind", [*KINDS, "lstm-chrono"])
def test_through_time_in_the_report(kind: str) -> None:
    """The figures of a whole diagnosis: a slope through the logarithms, and the steps that halve."""
    name, _, chrono = kind.partition("-")
    options: dict[str, Any] = {"units": 5} | ({"forget_bias": {"chrono": 9}} if chrono else {})
    source = {
        "input": {"length": 9, "features": 3},
        "batch": {"size": 4},
        "layers": [{name: options}, "last_step", {"dense": 2}],
        "dtype": "float64",
        "trials": 1,
    }
    config = gradscope.load_config(source)
    layer = next(gradscope.build_network(config).layers())
    inputs, _ = gradscope.make_batch(config)
    last = layer.stream.generator(0).standard_normal((4, 5), dtype=np.float32).astype(np.float64)
    norms = oracle.state_gradients(name, layer.parameters(), inputs, last)
    log10_rms = np.log10(norms / np.sqrt(4 * 5 * (2 if name == "lstm" else 1)))
    (found,) = (each.time.forward for each in gradscope.diagnose(config).layers if each.time is not None)
    npt.assert_allclose(found.log10_rms, log10_rms, atol=1e-10)
    slope = np.polyfit(np.arange(9), log10_rms, 1)[0]
    npt.assert_allclose(found.gain_per_step, 10.0**-slope, rtol=1e-10)
    npt.assert_allclose(found.half_life, np.log10(0.5) / -slope, rtol=1e-8)
