"""How a report is compared with PyTorch's numbers: which quantities, and how far each may be off and why."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import gradscope
from gradscope.engine import Array
from gradscope.engine.layers.dropout import Dropout
from tests.oracle.torch_measures import Numbers, measures
from tests.oracle.torch_network import TorchNetwork

TOLERANCE = 1e-10
ROUNDING = 1e-14
"""Of the terms of a sum, some fifty units in the last place: what is left of it may be off by this when they
cancel, as a bias gradient's do before a normalisation."""
SPREAD = 1e-6
"""Of values that are normalised together, relative to their size: below it their differences have no
digits."""
NUDGE = 2.0**-51
"""A relative change of every weight and input, two units in the last place."""
AMPLIFIED = 5000.0
"""A quantity moved by the nudge by more than TOLERANCE/AMPLIFIED of itself is not determined to TOLERANCE by
float64 numbers, as the gradient through a normalisation of two samples is not. It may differ by AMPLIFIED
times what the nudge moves it, and by no more; where nothing is lost, that is below TOLERANCE."""
ROLES = ("output_grad", "weight_grad", "bias_grad", "gain_grad", "slope_grad", "scale_grad", "table_grad")


def reported(config: dict[str, Any]) -> Numbers:
    """The report's numbers under the oracle's names, without what the oracle does not know."""
    report = gradscope.diagnose(gradscope.load_config(config), jobs=1)
    found: Numbers = {"loss": report.loss.mean}
    for layer in report.layers:
        for role in ROLES:
            norm = getattr(layer, role)
            if norm is not None:
                found |= {f"{layer.name}.{role}.l2": norm.l2, f"{layer.name}.{role}.rms": norm.rms}
        for name, norm in (layer.parts or {}).items():
            found[f"{layer.name}.parts.{name}.l2"] = norm.l2
        for field in ("mean", "std", "rms", "zero_fraction", "min", "max"):
            found[f"{layer.name}.output.{field}"] = getattr(layer.output, field)
        single = ("dead_fraction", "inactive_fraction", "rarely_active_fraction", "saturated_fraction")
        found |= {f"{layer.name}.{field}": getattr(layer, field) for field in (*single, "weight_rms")}
        if layer.weight_grad is not None:
            found[f"{layer.name}.update_ratio"] = layer.update_ratio
        if layer.sample_grad is not None:
            found[f"{layer.name}.sample_grad.mean_l2"] = layer.sample_grad.mean_l2
            found[f"{layer.name}.sample_grad.noise_scale"] = layer.sample_grad.noise_scale
    if report.flow.gain_per_layer is not None and math.isfinite(report.flow.log10_ratio):
        for field in ("log10_ratio", "gain_per_layer", "r2"):
            found[f"flow.{field}"] = getattr(report.flow, field)
    return found


def oracle(config: dict[str, Any], nudge: float = 0.0, seed: int = 0) -> Numbers:
    """The same numbers by PyTorch, every parameter and input times 1 ± nudge."""
    signs = np.random.default_rng(seed)

    def nudged(array: Array) -> Array:
        if array.dtype.kind == "i":
            return array  # tokens are names
        return array * (1.0 + nudge * signs.choice([-1.0, 1.0], array.shape))

    loaded = gradscope.load_config(config)
    network = gradscope.build_network(loaded, trial=0)
    parameters = {name: nudged(array) for name, array in network.parameters().items()}
    inputs, targets = gradscope.make_batch(loaded, trial=0)
    # Nobody else can draw the masks of dropout: they are read off by passing ones through it.
    masks = {
        step.info.name: step.forward(np.ones((len(inputs), *step.info.output_shape)))[0]
        for step in network.layers()
        if isinstance(step, Dropout)
    }
    return measures(TorchNetwork(config, parameters, masks).run(nudged(inputs), targets))


def disagreements(config: dict[str, Any]) -> list[str] | None:
    """Every quantity that one of both lacks or on which they differ by more than they may.

    None where rounding is normalised, and nobody can say what comes of it.
    """
    found, expected = reported(config), oracle(config)
    if (expected["least_spread"] or 0.0) < SPREAD:
        return None
    if expected["has_norm"] and abs(expected.get("flow.log10_ratio") or 0.0) > -math.log10(ROUNDING):
        found, expected = without_flow(found), without_flow(expected)
    if abs(expected.get("flow.log10_ratio") or 0.0) < TOLERANCE:
        # Of a level line, how straight it is is rounding.
        for numbers in (found, expected):
            numbers.pop("flow.r2", None)
    nudged = [oracle(config, NUDGE, seed) for seed in (1, 2)]
    wrong = [f"{name}: only reported" for name in found.keys() - expected if found[name] is not None]
    for name, value in expected.items():
        if name.endswith(("largest", "least_spread", "has_norm", ".inside", ".terms", ".lost", ".nearly")):
            continue
        if name.endswith("noise_scale") and is_rounding(name, expected, nudged):
            continue
        mine, moved = found.get(name), [other.get(name) for other in nudged]
        if mine is None or value is None or None in moved:
            if mine is not value and all((other is None) is (value is None) for other in moved):
                wrong.append(f"{name}: {mine} instead of {value}")
            continue
        movement = max(abs(value - other) for other in moved if other is not None)
        if not abs(mine - value) <= tolerance(name, value, expected) + AMPLIFIED * movement:
            wrong.append(
                f"{name}: {mine} instead of {value}, off by {abs(mine - value) / abs(value or 1.0):.1e}"
            )
    return wrong


def without_flow(numbers: Numbers) -> Numbers:
    """For a ratio of which one side is rounding, or an exact zero."""
    return {name: value for name, value in numbers.items() if not name.startswith("flow.")}


def tolerance(name: str, value: float, expected: Numbers) -> float:
    """How far a quantity may be off, besides what the nudge says."""
    layer, _, field = name.rpartition(".")
    if field == "zero_fraction":
        return (expected[f"{name}.nearly"] or 0.0) - value
    if field == "noise_scale":
        return TOLERANCE * abs(value) + ROUNDING * (expected[f"{name}.lost"] or 0.0) * (1.0 + abs(value))
    if layer.endswith(".output"):
        # Mean, spread and ends are sums of entries of the size of the RMS, which may cancel.
        return TOLERANCE * (expected[f"{layer}.rms"] or 0.0)
    if name == "flow.r2":
        return TOLERANCE  # a share of a variance, which may be nearly zero
    terms = expected.get(f"{layer}.terms") or 0.0
    if field == "update_ratio":
        terms = (expected[f"{layer}.weight_grad.terms"] or 0.0) / (expected[f"{layer}.weight_rms"] or 1.0)
    return TOLERANCE * abs(value) + ROUNDING * (terms + lost_in_norms(name, expected))


def lost_in_norms(name: str, expected: Numbers) -> float:
    """What a gradient in front of a normalisation is the difference of; it may be zero, or all rounding."""
    layer = next((part for part in prefixes(name) if f"{part}.inside" in expected), None)
    if layer is None or not expected["has_norm"]:
        return 0.0
    lost = (expected["largest"] or 0.0) * (expected[f"{layer}.inside"] or 0.0)
    return lost / (expected[f"{layer}.weight_rms"] or 1.0) if name.endswith("update_ratio") else lost


def is_rounding(name: str, expected: Numbers, nudged: Sequence[Numbers]) -> bool:
    """Whether hardly a digit of the gradients of single samples is more than rounding."""
    norm = f"{name.rpartition('.')[0]}.mean_l2"
    size = expected[norm] or 0.0
    moved = max(abs((other[norm] or 0.0) - size) for other in nudged)
    return max(ROUNDING * lost_in_norms(name, expected), moved) > 1e-4 * size


def prefixes(name: str) -> Iterator[str]:
    """What may be the name of the quantity's layer, which has dots of its own."""
    while name:
        name = name.rpartition(".")[0]
        yield name
