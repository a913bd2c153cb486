"""From a config as a dictionary to what the laws are about: passes, norms of single trials, growth."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradscope import build_network, load_config, make_batch
from gradscope.build import Plan
from gradscope.engine import Array
from gradscope.engine.network import Network
from gradscope.errors import Problems
from gradscope.probe.run import measure
from gradscope.probe.trace import Trace
from tests.collecting import Collector, collect_network

Source = dict[str, Any]


class Pass(NamedTuple):
    """One trial's network in float64, its first batch, and what was heard of it."""

    network: Network
    inputs: Array
    targets: Array
    heard: Collector

    @property
    def parameters(self) -> dict[str, Array]:
        """By full name."""
        return self.network.parameters()


def run_once(source: Mapping[str, Any], *, seed: int = 0) -> Pass:
    """Build a config in float64 and pass its first batch through it and back."""
    config = load_config({"dtype": "float64", "trials": 1, **source, "seed": seed})
    network = build_network(config)
    inputs, targets = make_batch(config)
    return Pass(network, inputs, targets, collect_network(network, inputs, targets))


def stack(
    widths: Sequence[int],
    activation: Any = None,
    *,
    fan_in: int | None = None,
    bias: bool = False,
    **rest: Any,
) -> Source:
    """Dense layers with an activation between them, one Gaussian sample below, a Gaussian δ on top."""
    layers: list[Any] = []
    for width in widths:
        if layers and activation is not None:
            layers.append(activation)
        layers.append({"dense": {"units": width, "bias": bias}})
    return {
        "input": fan_in or widths[0],
        "layers": layers,
        "loss": "random_cotangent",
        "batch": {"size": 1},
        **rest,
    }


def trace(source: Mapping[str, Any]) -> Trace:
    """Every trial's own measurements, which a report only gives averages of."""
    problems = Problems()
    plan = Plan(load_config(source), problems)
    problems.raise_any()
    return measure(plan.outline, plan.network, plan.batch, trials=plan.config.trials)


def growth(measured: Trace) -> Array:
    """E |δ_l|²/|δ_last|² at every flow point, an arithmetic mean over trials:   -> (points,)."""
    points = [number for number, info in enumerate(measured.layers) if info.flow_point]
    logs = np.array(
        [[trial.layers[number].output_grad.log10_l2 for number in points] for trial in measured.trials]
    )
    ratios: Array = np.power(10.0, 2.0 * (logs - logs[:, -1:])).mean(axis=0)
    return ratios


def mean_squares(measured: Trace) -> Array:
    """E of an output's entries squared at every flow point, over trials:   -> (points,)."""
    points = [number for number, info in enumerate(measured.layers) if info.flow_point]
    squares = [[trial.layers[number].output.rms ** 2 for number in points] for trial in measured.trials]
    means: Array = np.array(squares).mean(axis=0)
    return means


def trials_for(log_tolerance: float, widths: Sequence[int], *, kurtosis: float) -> int:
    """Trials for which the log of the total growth of |δ|² is within the tolerance but once in 10,000 times.

    With S trials its standard deviation is about √(Σ (3k − 1)/(n S)) over the layers' widths n; four of these
    fit into the tolerance. k = E φ′⁴/(E φ′²)² of the slopes: 1 for linear layers, 2 for ReLU.
    """
    return math.ceil((4.0 / log_tolerance) ** 2 * sum((3.0 * kurtosis - 1.0) / width for width in widths))
