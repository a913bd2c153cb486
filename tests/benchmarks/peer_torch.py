"""What a user would write instead of gradscope: the same diagnosis with PyTorch, hooks and rich.

Builds depth x width, backpropagates one synthetic batch, prints per-layer gradient norms and the fraction of dead units.
The yardstick for whole-process time (`python peer_torch.py --depth 50 --width 128`) and, with --repeat, for the work inside the
process: it then prints one JSON line with the median milliseconds of building and of probing.

Needs torch, click, rich.  OMP_NUM_THREADS sets the threads; the fair figure is the better of 1 and all cores.
"""

import json
import statistics
import time

import click
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}


def build(depth: int, width: int, classes: int, activation: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(depth):
        linear = nn.Linear(width, width)
        nn.init.kaiming_normal_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, ACTIVATIONS[activation]()]
    layers.append(nn.Linear(width, classes))
    return nn.Sequential(*layers)


def probe(
    model: nn.Sequential, inputs: torch.Tensor, targets: torch.Tensor
) -> list[tuple[str, float, float, float, float]]:
    """Rows (layer, L2 of the weight gradient, L2 of the output gradient, output std, dead fraction)."""
    outputs: dict[nn.Module, torch.Tensor] = {}

    def keep(module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        output.retain_grad()
        outputs[module] = output

    hooks = [module.register_forward_hook(keep) for module in model]
    model.zero_grad()
    nn.functional.cross_entropy(model(inputs), targets).backward()
    rows = []
    modules = list(model)
    for number, module in enumerate(modules):
        if not isinstance(module, nn.Linear):
            continue
        after = outputs[modules[number + 1]] if number + 1 < len(modules) else outputs[module]
        dead = (after <= 0).all(dim=0).float().mean() if number + 1 < len(modules) else torch.zeros(())
        rows.append(
            (
                f"dense{number // 2 + 1}",
                module.weight.grad.norm().item(),
                outputs[module].grad.norm().item(),
                outputs[module].std().item(),
                dead.item(),
            )
        )
    for hook in hooks:
        hook.remove()
    return rows


def median_ms(work, repeat: int) -> float:
    work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


@click.command()
@click.option("--depth", default=50)
@click.option("--width", default=128)
@click.option("--batch", default=64)
@click.option("--classes", default=10)
@click.option("--activation", type=click.Choice(sorted(ACTIVATIONS)), default="relu")
@click.option("--repeat", default=0, help="time the work inside the process instead of printing the table")
def main(*, depth: int, width: int, batch: int, classes: int, activation: str, repeat: int) -> None:
    torch.manual_seed(0)
    inputs, targets = torch.randn(batch, width), torch.randint(0, classes, (batch,))
    model = build(depth, width, classes, activation)
    if repeat:
        figures = {
            "threads": torch.get_num_threads(),
            "build_ms": median_ms(lambda: build(depth, width, classes, activation), repeat),
            "probe_ms": median_ms(lambda: probe(model, inputs, targets), repeat),
        }
        print(json.dumps(figures))
        return
    table = Table("layer", "weight grad L2", "output grad L2", "output std", "dead")
    for name, weight_grad, output_grad, std, dead in probe(model, inputs, targets):
        table.add_row(name, f"{weight_grad:.3e}", f"{output_grad:.3e}", f"{std:.3f}", f"{dead:.1%}")
    Console().print(table)


if __name__ == "__main__":
    main()
