"""Outputs, the input's gradient and every parameter's, entry by entry against PyTorch's."""

from typing import Any

import numpy as np
import numpy.testing as npt

import gradscope
from gradscope.engine import Array
from gradscope.engine.network import Network
from tests.collecting import Collector
from tests.oracle.torch_network import TorchNetwork


def gradients_of(network: Network, heard: Collector) -> dict[str, Array]:
    """By full name, summed over all uses of a parameter."""
    found = dict(heard.gradients)
    for step in network.layers():
        if step.info.shares is None:
            continue
        for key in step.own_parameters().keys() - set(step.info.own):
            first = f"{step.info.shares}.{key}"
            found[first] = found[first] + heard.gradients[f"{step.info.name}.{key}"]
    return found


def assert_entries_agree(source: dict[str, Any]) -> None:
    """To 1e-10 of the largest entry of each array."""
    config = gradscope.load_config(source)
    network = gradscope.build_network(config)
    inputs, targets = gradscope.make_batch(config)
    heard = Collector()
    dx = network.backpropagate(inputs, targets, heard)[1]
    gradients = gradients_of(network, heard)
    oracle = TorchNetwork(source, network.parameters()).run(inputs, targets)
    assert set(gradients) == set(oracle.parameters) | {
        f"{step.info.name}.{key}"
        for step in network.layers()
        if step.info.shares is not None
        for key in step.own_parameters()
    }
    largest = max(float(seen.y.grad.abs().max()) for seen in oracle.layers if seen.y.grad is not None)
    for name, value in oracle.parameters.items():
        assert value.grad is not None
        assert_close(gradients[name].reshape(value.shape), value.grad.numpy(), name, largest)
    for seen in oracle.layers:
        assert_close(heard.outputs[seen.name], seen.y.detach().numpy(), seen.name, 1.0)
    if oracle.inputs.grad is not None:
        assert_close(np.ldexp(dx.mantissa, dx.exponent), oracle.inputs.grad.numpy(), "inputs", largest)


def assert_close(found: Array, expected: Array, name: str, terms: float) -> None:
    """What is zero but for rounding has no digits to agree in: it may be off as its terms are."""
    atol = 1e-10 * float(np.abs(expected).max()) + 1e-14 * terms
    npt.assert_allclose(found, expected, rtol=0.0, atol=atol, err_msg=name)
