"""Everything the report says of one trial, computed again from PyTorch's tensors by the definitions alone."""

import math
from collections import defaultdict

import torch
from torch import Tensor

from tests.oracle.torch_functions import ACTIVATIONS, FLAT, NORMS, UNBOUNDED, steepest
from tests.oracle.torch_network import WEIGHTED, Seen, TorchNetwork
from tests.oracle.torch_sequences import GATED_BY, GATING

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
        for owner in {seen.owner, seen.table}:
            uses[owner].append(seen)
    for seen in network.layers:
        numbers = _outputs(seen) | _units(network, seen)
        if seen.name == seen.owner:
            numbers |= _parameters(network, uses[seen.name])
            if seen.kind in WEIGHTED and seen.table == seen.owner:
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


def _units(network: TorchNetwork, seen: Seen) -> Numbers:
    name, z, options = _activity(network, seen)
    if name not in ACTIVATIONS or name == "softmax":
        return {}
    z = z.detach().requires_grad_()
    (slopes,) = torch.autograd.grad(ACTIVATIONS[name](z, **options).sum(), z)
    numbers: Numbers = {}
    if name in FLAT:
        rows = slopes.movedim(1, -1) if slopes.ndim == 4 else slopes
        active = (rows != 0).reshape(-1, rows.shape[-1]).double()
        numbers["dead_fraction"] = float((active.sum(0) == 0).double().mean())
        numbers["inactive_fraction"] = float((active == 0).double().mean())
        numbers["rarely_active_fraction"] = float((active.mean(0) < 0.01).double().mean())
    if name not in UNBOUNDED:
        limit = 0.01 * steepest(name, options)
        numbers["saturated_fraction"] = float((slopes.abs() < limit).double().mean())
    return numbers


def _activity(network: TorchNetwork, seen: Seen) -> tuple[str, Tensor, dict[str, float]]:
    """The activation that is a layer or is inside of one, what it sees, and its options."""
    if seen.kind not in GATED_BY:
        return seen.kind, seen.x, seen.options
    named = network.own_parameters(seen.owner, seen.kind)
    z = GATED_BY[seen.kind](seen.options, seen.x, named)
    return seen.options.get("activation", GATING[seen.kind]), z, {}


def _parameters(network: TorchNetwork, uses: list[Seen]) -> Numbers:
    """Those of one role together."""
    numbers: Numbers = {}
    own = network.own_parameters(uses[0].name, uses[0].kind)
    for role in ("weight", "bias", "gain", "slope", "scale", "table"):
        values = [value for name, value in own.items() if name.rpartition(".")[2] == role]
        if not values:
            continue
        l2, count = _joint_l2([value.grad for value in values]), sum(value.numel() for value in values)
        numbers[f"{role}_grad.l2"] = l2
        numbers[f"{role}_grad.rms"] = l2 / math.sqrt(count)
        numbers[f"{role}_grad.terms"] = sum(_terms(use) for use in uses)
        if role == "weight":
            numbers |= _parts(own, numbers["weight_grad.terms"])
            size = _joint_l2([value.detach() for value in values]) / math.sqrt(count)
            numbers["weight_rms"] = size
            numbers["update_ratio"] = numbers["weight_grad.rms"] / size if size else None
    return numbers


def _parts(own: dict[str, Tensor], terms: float | None) -> Numbers:
    """Of each matrix, where there are several."""
    matrices = {
        name.removesuffix(".weight"): value for name, value in own.items() if name.endswith(".weight")
    }
    norms: Numbers = {f"parts.{name}.l2": _l2(value.grad) for name, value in matrices.items()}
    return norms | {f"parts.{name}.terms": terms for name in matrices}


def _joint_l2(values: list[Tensor | None]) -> float:
    return math.hypot(*map(_l2, values))


def _terms(use: Seen) -> float:
    """A bound of what a parameter's gradient is summed from: the terms are products of these two at most."""
    return _inside(use) * float(use.y.grad.abs().sum())


def _inside(use: Seen) -> float:
    """The largest number a layer's gradient is multiplied by on its way to a parameter."""
    seen = [part.detach() for part in (use.x, use.y) if part.is_floating_point()]
    return max(1.0, *(float(part.abs().max()) for part in seen))


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
    """What one sample adds to the gradients of the weights at one use of them, in one row."""
    assert use.y.grad is not None
    x, dy = use.x[sample : sample + 1].detach(), use.y.grad[sample : sample + 1]
    if use.kind == "dense" and use.table == use.owner:
        return (_rows(x).T @ _rows(dy)).flatten()
    own = network.own_parameters(use.table, use.kind)
    weights = [value for name, value in own.items() if name.rpartition(".")[2] == "weight"]
    gradients = torch.autograd.grad(use.again(x), weights, dy)
    return torch.cat([gradient.flatten() for gradient in gradients])


def _rows(x: Tensor) -> Tensor:
    return x.reshape(-1, x.shape[-1])


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
