"""The networks of `trainability`, measured and trained by PyTorch alone: its own layers, draws and gradients.

    python -m tests.benchmarks.trainability_torch FILE.jsonl --count 320 --data DIGITS.npz

Does the ratio of the gradients predict training as well where gradscope computes neither of them? Networks
already in the file are not trained again.
"""

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.benchmarks.random_networks import BATCH, DIGITS, Traits, traits_of
from tests.benchmarks.trainability import RATES, STEPS, SURE, TRAINS, WINDOW, auc, interval, stored

Data = tuple[Tensor, Tensor]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "softplus": nn.Softplus,
}
_NORMS: dict[str, type[nn.Module]] = {"batch_norm": nn.BatchNorm1d, "layer_norm": nn.LayerNorm}


class Skip(nn.Module):
    """x + f(x)."""

    def __init__(self, *inner: nn.Module):
        super().__init__()
        self.inner = nn.Sequential(*inner)

    def forward(self, x: Tensor) -> Tensor:
        """The sum."""
        total: Tensor = x + self.inner(x)
        return total


def network(traits: Traits) -> nn.Sequential:
    """The network of these traits, drawn from PyTorch's current seed."""
    blocks = [_block(traits, 64)]
    for _ in range(traits.depth - 2):
        block = _block(traits, traits.width)
        blocks.append([Skip(*block)] if traits.has_skips else block)
    return nn.Sequential(*(layer for block in blocks for layer in block), _linear(traits, traits.width, 10))


def _block(traits: Traits, inputs: int) -> list[nn.Module]:
    norm = [_NORMS[traits.norm](traits.width)] if traits.norm else []
    return [_linear(traits, inputs, traits.width), *norm, _ACTIVATIONS[traits.activation]()]


def _linear(traits: Traits, inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    if traits.init == "glorot_uniform":
        nn.init.xavier_uniform_(layer.weight)
    elif traits.init != "torch_default":
        sigma_w2 = {"he_normal": 2.0, "lecun_normal": 1.0, "variance": traits.sigma_w2}[traits.init]
        nn.init.normal_(layer.weight, 0.0, math.sqrt(sigma_w2 / inputs))
    if traits.init != "torch_default" or traits.bias_std:
        nn.init.normal_(layer.bias, 0.0, traits.bias_std)
    return layer


def log10_ratio(number: int, data: Data) -> float:
    """log10 of first/last L2 of the gradient at the outputs of the linear layers, in float64, on one batch."""
    torch.manual_seed(number)
    model = network(traits_of(number)).double()
    outputs: list[Tensor] = []

    def keep(_: nn.Module, _inputs: object, output: Tensor) -> None:
        output.retain_grad()
        outputs.append(output)

    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(keep)
    inputs, labels = next(_batches(number, data))
    nn.functional.cross_entropy(model(inputs.double()), labels).backward()  # type: ignore[no-untyped-call]
    return _log10_l2(outputs[0].grad) - _log10_l2(outputs[-1].grad)


def _log10_l2(gradient: Tensor | None) -> float:
    """Scaled by the largest entry, so that no square vanishes."""
    assert gradient is not None
    largest = float(gradient.abs().max())
    return math.log10(largest) + math.log10(float((gradient / largest).norm())) if largest else -math.inf


def _batches(number: int, data: Data) -> Iterator[Data]:
    """Whole batches of all the data, shuffled anew in every epoch."""
    inputs, labels = data
    generator = torch.Generator().manual_seed(number)
    while True:
        order = torch.randperm(len(inputs), generator=generator)
        for start in range(0, len(inputs) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            yield inputs[chosen], labels[chosen]


def final_loss(number: int, lr: float, data: Data) -> float:
    """The mean over the last steps with SGD and momentum 0.9, or over those that were sure; inf behind a
    NaN."""
    torch.manual_seed(number)
    model = network(traits_of(number))
    optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
    losses: list[float] = []
    for _, (inputs, labels) in zip(range(STEPS), _batches(number, data), strict=False):
        loss = nn.functional.cross_entropy(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            return math.inf
        if len(losses) >= WINDOW and np.mean(losses[-WINDOW:]) < SURE:
            break
    return float(np.mean(losses[-WINDOW:]))


def study(number: int, data: Data) -> dict[str, Any]:
    """One network: its ratio, and the best final loss."""
    best = math.inf
    for lr in RATES["momentum"]:
        best = min(best, final_loss(number, lr, data))
        if best < TRAINS:
            break
    return {"number": number, "log10_ratio": log10_ratio(number, data), "loss": best}


def main() -> None:
    """Train what is missing and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where results are kept, a line of JSON a network")
    parser.add_argument("--count", type=int, default=320)
    parser.add_argument("--data", type=Path, default=Path(DIGITS), help="arrays `inputs` and `labels`")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    with np.load(asked.data) as arrays:
        data = torch.from_numpy(arrays["inputs"].astype(np.float32)), torch.from_numpy(arrays["labels"])
    known = {row["number"] for row in stored(asked.file)}
    with asked.file.open("a", encoding="utf-8") as lines:
        for number in range(asked.count):
            if number not in known:
                print(json.dumps(study(number, data)), file=lines, flush=True)
    rows = stored(asked.file)
    bad = [not row["loss"] < TRAINS for row in rows]
    risks = [math.inf if math.isnan(row["log10_ratio"]) else abs(row["log10_ratio"]) / 3.0 for row in rows]
    low, high = interval(risks, bad)
    print(
        f"{len(rows)} networks, {sum(bad)} fail; AUC of the risk {auc(risks, bad):.3f} [{low:.3f}, {high:.3f}]"
    )


if __name__ == "__main__":
    main()
