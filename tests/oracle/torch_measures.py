"""Everything the report says of one trial, computed again from PyTorch's tensors by the definitions alone."""

import math
from collections import defaultdict

import torch
from torch import Tensor

from tests.oracle.torch_functions import ACTIVATIONS, FLAT, NORMS, UNBOUNDED, steepest
from tests.oracle.torch_network import WEIGHTED, Seen, TorchNetwork
from tests.oracle.torch_windows import CONVOLUTIONS, kernel_gradient

Numbers = dict[str, float | None]

NEARLY_ZERO = 1e-12
"""Of an output's RMS: below it, whether an entry is exactly zero is a matter of rounding."""
DIFFERENCE = 1e-12
"""Of its terms: below it, whether a difference is positive is one too."""


def measures(network: TorchNetwork) -> Numbers:
    """Every quantity under `layer.quantity`, the loss and the flow besides.

    `largest`, `least_spread`, `has_norm` and what ends in `.inside`, `.terms`, `.lost` or `.nearly` are no
    quantities of the report but say how far rounding may move one.
    """
    # A random cotangent is no loss; its scalar product only stands in for one.
    has_loss = network.config.get("loss") != "random_cotangent"
    found: Numbers = {"loss": float(network.loss.detach()) if has_loss else None}
    uses: defaultdict[str, list[Seen]] = defaultdict(list)
    for seen in network.layers:
        uses[seen.owner].append(seen)
    for seen in network.layers:
        numbers = _outputs(seen) | _units(seen)
        if seen.name == seen.owner:
            numbers |= _parameters(network, uses[seen.name])
            if seen.kind in WEIGHTED:
                numbers |= _samples(network, uses[seen.name])
        found |= {f"{seen.name}.{key}": value for key, value in numbers.items()}
    found["largest"] = max(_l2(seen.y.grad) for seen in network.layers)
    found["least_spread"] = network.least_spread
    found["has_norm"] = float(any(seen.kind in NORMS for seen in network.layers))
    return found | _flow([_l2(seen.y.grad) for seen in network.layers if seen.is_flow_point])


def _l2(x: Tensor | None) -> float:
    assert x is not None
    return float(torch.linalg.vector_norm(x))


def _outputs(seen: Seen) -> Numbers:
    y = seen.y.detach()
    return {
        "output_grad.l2": _l2(seen.y.grad),
        "output_grad.rms": _l2(seen.y.grad) / math.sqrt(y.numel()),
        "output.mean": float(y.mean()),
        "output.std": float(y.std(correction=0)),
        "output.rms": float((y**2).mean().sqrt()),
        "output.zero_fraction": float((y == 0).double().mean()),
        "inside": _inside(seen),
        "output.zero_fraction.nearly": float((y.abs() <= NEARLY_ZERO * (y**2).mean().sqrt()).double().mean()),
        "output.min": float(y.min()),
        "output.max": float(y.max()),
    }


def _units(seen: Seen) -> Numbers:
    if seen.kind not in ACTIVATIONS or seen.kind == "softmax":
        return {}
    z = seen.x.detach().requires_grad_()
    (slopes,) = torch.autograd.grad(ACTIVATIONS[seen.kind](z, **seen.options).sum(), z)
    numbers: Numbers = {}
    if seen.kind in FLAT:
        rows = slopes.movedim(1, -1) if slopes.ndim == 4 else slopes
        active = (rows != 0).reshape(-1, rows.shape[-1]).double()
        numbers["dead_fraction"] = float((active.sum(0) == 0).double().mean())
        numbers["inactive_fraction"] = float((active == 0).double().mean())
        numbers["rarely_active_fraction"] = float((active.mean(0) < 0.01).double().mean())
    if seen.kind not in UNBOUNDED:
        limit = 0.01 * steepest(seen.kind, seen.options)
        numbers["saturated_fraction"] = float((slopes.abs() < limit).double().mean())
    return numbers


def _parameters(network: TorchNetwork, uses: list[Seen]) -> Numbers:
    numbers: Numbers = {}
    for role in ("weight", "bias", "gain", "slope", "scale"):
        parameter = network.parameters.get(f"{uses[0].name}.{role}")
        if parameter is None:
            continue
        gradient = parameter.grad
        numbers[f"{role}_grad.l2"] = _l2(gradient)
        numbers[f"{role}_grad.rms"] = _l2(gradient) / math.sqrt(parameter.numel())
        numbers[f"{role}_grad.terms"] = sum(_terms(use) for use in uses)
        if role == "weight":
            size = float((parameter.detach() ** 2).mean().sqrt())
            numbers["weight_rms"] = size
            numbers["update_ratio"] = numbers["weight_grad.rms"] / size if size else None
    return numbers


def _terms(use: Seen) -> float:
    """A bound of what a parameter's gradient is summed from: the terms are products of these two at most."""
    return _inside(use) * float(use.y.grad.abs().sum())


def _inside(use: Seen) -> float:
    """The largest number a layer's gradient is multiplied by on its way to a parameter."""
    return max(float(use.x.detach().abs().max()), float(use.y.detach().abs().max()), 1.0)


def _samples(network: TorchNetwork, uses: list[Seen]) -> Numbers:
    """One sample after the other: its part of the batch gradient, times the number of samples."""
    count = len(uses[0].x)
    squares, total = [], torch.zeros(())
    for sample in range(count):
        part = sum((_contribution(network, use, sample) for use in uses), torch.zeros(()))
        squares.append(float((count * part).square().sum()))
        total = total + part
    of_batch = float(total.square().sum())
    of_samples = sum(squares) / count
    true_square = (count * of_batch - of_samples) / (count - 1)
    trace = (of_samples - of_batch) * count / (count - 1)
    return {
        "sample_grad.mean_l2": sum(math.sqrt(square) for square in squares) / count,
        "sample_grad.noise_scale": trace / true_square if true_square > DIFFERENCE * of_samples else None,
        # How much larger the terms of both differences are than the divisor: the digits that are lost.
        "sample_grad.noise_scale.lost": (count * of_batch + of_samples) / max(abs(true_square), 1e-300),
    }


def _contribution(network: TorchNetwork, use: Seen, sample: int) -> Tensor:
    """What one sample adds to the gradient of the weight at one use of it."""
    assert use.y.grad is not None
    x, dy = use.x[sample : sample + 1], use.y.grad[sample : sample + 1]
    if use.kind in CONVOLUTIONS:
        return kernel_gradient(use.options, x, dy, network.parameters[f"{use.owner}.weight"])
    return _rows(x).T @ _rows(dy)


def _rows(x: Tensor) -> Tensor:
    return x.detach().reshape(-1, x.shape[-1])


def _flow(l2: list[float]) -> Numbers:
    """First over last, and a least-squares line through log10 L2."""
    logs = torch.tensor([math.log10(value) if value else -math.inf for value in l2], dtype=torch.float64)
    if len(logs) < 2 or not bool(torch.isfinite(logs).all()):
        return {}
    depth = torch.arange(len(logs), dtype=torch.float64)
    design = torch.stack([depth, torch.ones_like(depth)], dim=1)
    line = torch.linalg.lstsq(design, logs.unsqueeze(1)).solution
    residual = logs - (design @ line).squeeze(1)
    spread = logs - logs.mean()
    return {
        "flow.log10_ratio": float(logs[0] - logs[-1]),
        "flow.gain_per_layer": 10.0 ** -float(line[0]),
        "flow.r2": 1.0 - float(residual.square().sum() / spread.square().sum())
        if float(spread.square().sum())
        else 1.0,
    }
