"""Every shipped config, made small: its gradients against PyTorch and against central differences."""

import numpy as np
import numpy.testing as npt
import pytest

import gradscope
from gradscope.engine import Array
from gradscope.engine.network import Network
from gradscope.engine.parameters import Parameter
from tests.collecting import collect_network
from tests.oracle.shipped import NAMES, SMALL, small

torch = pytest.importorskip("torch")

from tests.oracle.agreement import disagreements  # noqa: E402
from tests.oracle.entries import assert_entries_agree, gradients_of  # noqa: E402

STEPS = (1e-5, 1e-6, 1e-7)
ON_A_KINK = {"dying_relu"}
"""Behind its dead layer everything is exactly zero, where ReLU has no slope."""

Batch = tuple[Network, Array, Array]
"""With the network that it goes through."""

every_config = pytest.mark.parametrize("name", NAMES)


def test_only_shipped_configs_are_made_small() -> None:
    assert set(SMALL) <= set(NAMES)


@every_config
def test_the_report_agrees_with_pytorch(name: str) -> None:
    assert disagreements(small(name)) == []


@every_config
def test_every_entry_of_a_gradient_agrees_with_pytorch(name: str) -> None:
    assert_entries_agree(small(name))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ON_A_KINK])
def test_gradients_are_slopes_of_the_loss(name: str) -> None:
    """Along random directions that move all parameters at once, each by as much, by central differences.

    A step that is long enough for rounding may go over a kink, and the other way round: one of them is right.
    """
    config = gradscope.load_config(small(name))
    network = gradscope.build_network(config)
    batch = (network, *gradscope.make_batch(config))
    gradients = gradients_of(network, collect_network(*batch))
    parameters = parameters_of(network)
    rng = np.random.default_rng(0)
    for _ in range(2):
        way = {key: rng.standard_normal(parameter.array.shape) for key, parameter in parameters.items()}
        way = {key: along / np.linalg.norm(along) for key, along in way.items()}
        found = sum(np.vdot(gradients[key], along) for key, along in way.items())
        slopes = (slope_along(batch, parameters, way, step) for step in STEPS)
        nearest = min(slopes, key=lambda slope: abs(slope - found))
        npt.assert_allclose(found, nearest, rtol=2e-5, atol=2e-7)


def parameters_of(network: Network) -> dict[str, Parameter]:
    """Where the parameters live, by full name."""
    return {
        f"{step.info.name}.{key}": parameter
        for step in network.layers()
        for key, parameter in step.own_parameters().items()
        if step.info.shares is None or key in step.info.own
    }


def slope_along(batch: Batch, parameters: dict[str, Parameter], way: dict[str, Array], step: float) -> float:
    """(L(p + ε way) − L(p − ε way))/2ε."""
    start, values = {key: parameter.array.copy() for key, parameter in parameters.items()}, []
    for sign in (step, -step, 0.0):
        for key, parameter in parameters.items():
            moved = parameter.split(start[key] + sign * way[key])
            for piece, entries in zip(parameter.pieces, moved, strict=True):
                piece[...] = entries
        values.append(objective(*batch))
    return (values[0] - values[1]) / (2.0 * step)


def objective(network: Network, inputs: Array, targets: Array) -> float:
    """The loss, or what a random cotangent is the gradient of."""
    outputs = network.forward(inputs)
    loss, dy = network.loss.evaluate(outputs, targets)
    return float(np.vdot(outputs, dy)) if loss is None else loss
