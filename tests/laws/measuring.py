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

Layers = Sequence[str | Mapping[str, Any]]


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


def trace(source: Mapping[str, Any]) -> Trace:
    """Every trial's own measurements, which a report only gives averages of."""
    problems = Problems()
    plan = Plan(load_config(source), problems)
    problems.raise_any()
    return measure(plan.outline, plan.network, plan.batch, trials=plan.config.trials)


def log_squares(measured: Trace, kind: str) -> Array:
    """ln |∂L/∂y|² of every layer of a kind, in forward order:   -> (trials, layers)."""
    numbers = [number for number, layer in enumerate(measured.layers) if layer.kind == kind]
    return np.array(
        [
            [2.0 * math.log(10.0) * trial.layers[number].output_grad.log10_l2 for number in numbers]
            for trial in measured.trials
        ]
    )


def growth(measured: Trace, kind: str) -> Array:
    """E |δ_l|²/|δ_last|² of every layer of a kind, an arithmetic mean over trials:   -> (layers,)."""
    logs = log_squares(measured, kind)
    ratios: Array = np.exp(logs - logs[:, -1:]).mean(axis=0)
    return ratios


def trials_for(log_tolerance: float, *, layers: int, width: int, kurtosis: float) -> int:
    """Trials for which the log of the total growth of |δ|² is within the tolerance, but once in 10,000 times.

    With S trials of width n its standard deviation is about √((3k − 1) L/(n S)), four of which fit into the
    tolerance; k = E φ′⁴/(E φ′²)² of the slopes, 1 for linear layers and 2 for ReLU.
    """
    return math.ceil((4.0 / log_tolerance) ** 2 * (3.0 * kurtosis - 1.0) * layers / width)
