"""Every activation, normalisation and loss of the config language in PyTorch, written from its definition."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def _squared_relu(z: Tensor) -> Tensor:
    return torch.relu(z) ** 2


def _scaled_sigmoid(z: Tensor, scale: float = 4.0, shift: float = -2.0, slope: float = 1.0) -> Tensor:
    return scale * torch.sigmoid(slope * z) + shift


def _softplus(z: Tensor) -> Tensor:
    # PyTorch's own turns into a straight line at 20, which is off by 2e-9.
    return torch.logaddexp(z, torch.zeros_like(z))


def _between(z: Tensor, low: float, high: float) -> Tensor:
    """Clipped, with the derivative from the left at both kinks; PyTorch's own functions differ on that."""
    return torch.where(z <= low, low, torch.where(z <= high, z, high))


def _hard_sigmoid(z: Tensor) -> Tensor:
    # PyTorch's own has a slope of 1/6 in float32, whatever the precision of z.
    return _between(z / 6.0 + 0.5, 0.0, 1.0)


def _gelu_tanh(z: Tensor) -> Tensor:
    # (1 + tanh u)/2 is sigmoid(2u), which does not become an exact zero on the left.
    return z * torch.sigmoid(2.0 * math.sqrt(2.0 / math.pi) * (z + 0.044715 * z**3))


ACTIVATIONS: dict[str, Callable[..., Tensor]] = {
    "linear": lambda z: z * 1.0,
    "sigmoid": torch.sigmoid,
    "scaled_sigmoid": _scaled_sigmoid,
    "tanh": torch.tanh,
    "lecun_tanh": lambda z: 1.7159 * torch.tanh(2.0 / 3.0 * z),
    "arctan": torch.atan,
    "softsign": functional.softsign,
    "softplus": _softplus,
    "relu": torch.relu,
    "relu6": lambda z: _between(z, 0.0, 6.0),
    "leaky_relu": lambda z, slope=0.01: functional.leaky_relu(z, slope),
    "prelu": lambda z, slope=0.25, learned=False: functional.leaky_relu(z, slope),
    "elu": lambda z, alpha=1.0: functional.elu(z, alpha),
    "selu": functional.selu,
    "celu": lambda z, alpha=1.0: functional.celu(z, alpha),
    "gelu": functional.gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": functional.silu,
    "mish": functional.mish,
    "hardtanh": lambda z: _between(z, -1.0, 1.0),
    "hard_sigmoid": _hard_sigmoid,
    "hardswish": lambda z: z * _hard_sigmoid(z),
    "squared_relu": _squared_relu,
    "softmax": lambda z: torch.softmax(z, dim=-1),
}

FLAT = frozenset({"relu", "relu6", "hardtanh", "hard_sigmoid", "hardswish", "squared_relu"})
"""Activations whose derivative is exactly zero on an interval: their units can be dead."""

UNBOUNDED = frozenset({"linear", "relu", "leaky_relu", "prelu", "squared_relu", "softmax"})
"""Activations that are not said to saturate."""


def steepest(name: str, options: dict[str, float]) -> float:
    """The largest |φ′|, looked up on a grid: right to 1e-7, and no entry comes that near to 1 % of it."""
    grid = torch.linspace(-12.0, 12.0, 240_001, dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(ACTIVATIONS[name](grid, **options).sum(), grid)
    return float(slopes.abs().max())


def features_second(x: Tensor) -> Tensor:
    """(B, T, F) as PyTorch's norms want it, (B, F, T); others have their features there already."""
    return x.transpose(1, 2) if x.ndim == 3 else x


def _batch_norm(x: Tensor, gain: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    normed = functional.batch_norm(features_second(x), None, None, gain, bias, training=True, eps=eps)
    return features_second(normed)


def _group_norm(x: Tensor, gain: Tensor | None, bias: Tensor | None, eps: float, groups: int) -> Tensor:
    return features_second(functional.group_norm(features_second(x), groups, gain, bias, eps))


def _over_last(norm: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`norm` over the last axis, or over the channels of an image."""

    def apply(x: Tensor, gain: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
        last = x.movedim(1, -1) if x.ndim == 4 else x
        normed = norm(last, gain, bias, eps)
        return normed.movedim(-1, 1) if x.ndim == 4 else normed

    return apply


NORMS: dict[str, Callable[..., Tensor]] = {
    "batch_norm": _batch_norm,
    "layer_norm": _over_last(
        lambda x, gain, bias, eps: functional.layer_norm(x, x.shape[-1:], gain, bias, eps)
    ),
    "rms_norm": _over_last(lambda x, gain, bias, eps: functional.rms_norm(x, x.shape[-1:], gain, eps)),
    "group_norm": _group_norm,
}


def least_spread(kind: str, x: Tensor, groups: int = 1) -> float:
    """The least deviation, relative to their size, of values that are normalised together.

    Where they do not vary at all, what is left of them is zero or rounding, and a small eps makes much of it.
    """
    sets = {
        "batch_norm": lambda: features_second(x).movedim(1, 0).flatten(1),
        "layer_norm": lambda: (x.movedim(1, -1) if x.ndim == 4 else x).flatten(0, -2),
        "group_norm": lambda: features_second(x).reshape(len(x) * groups, -1),
    }
    if kind not in sets:
        return 1.0
    values = sets[kind]().detach()
    largest = values.abs().amax(1)
    spreads = (values.std(1, correction=0) / largest)[largest > 0]
    return float(spreads.min()) if len(spreads) else 1.0


def _cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    return functional.cross_entropy(outputs.reshape(-1, outputs.shape[-1]), targets.reshape(-1))


LOSSES: dict[str, Callable[..., Tensor]] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": lambda outputs, targets, delta=1.0: functional.huber_loss(outputs, targets, delta=delta),
    "random_cotangent": lambda outputs, targets: (outputs * targets).sum(),
}

EXPECTED: dict[str, Callable[[int], float]] = {
    "cross_entropy": math.log,
    "binary_cross_entropy": lambda classes: math.log(2.0),
    "mse": lambda classes: 1.0,
    "mae": lambda classes: math.sqrt(2.0 / math.pi),
}
"""The loss of an output that is all zero, by the number of outputs, where it has a closed form."""
