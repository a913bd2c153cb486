"""A training that is measured every tenth step, against the same loop in PyTorch that measures nothing.

1,000 steps of 20 layers of 128 ReLU units, batch 64: fresh batches, targets from a teacher of the same size.
Each side runs in processes of its own, in turn. Run with `python -m tests.benchmarks training`.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from tests.benchmarks.figures import Figure

STEPS, EVERY = 1000, 10
DEPTH, WIDTH, BATCH, CLASSES = 20, 128, 64, 10
LR = {"sgd": 0.01, "adam": 1e-3}
ROUNDS = 3
THREADS = (1, 2)


def ours(optimizer: str, threads: int) -> Callable[[], object]:
    """The training as the command runs it, with one trial and no diagnosis before."""
    import numpy as np

    from gradscope import load_config
    from gradscope.build import plan_of
    from gradscope.engine.threads import jobs_limit, one_blas_thread
    from gradscope.training.course import Pupil

    layers = [{"repeat": DEPTH - 1, "layers": [{"dense": WIDTH}, "relu"]}, {"dense": CLASSES}]
    config = {"input": WIDTH, "batch": {"size": BATCH}, "init": "he_normal", "layers": layers, "trials": 1}
    training = {"steps": STEPS, "optimizer": optimizer, "lr": LR[optimizer], "every": EVERY}
    plan = plan_of(load_config(config | {"training": training}))

    def run() -> None:
        with one_blas_thread(), jobs_limit(threads), np.errstate(all="ignore"):
            pupil = Pupil(plan, 0)
            for step in range(0, STEPS + 1, EVERY):
                pupil.advance(step)

    return run


def theirs(optimizer: str, threads: int) -> Callable[[], object]:
    """What one would write in PyTorch."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    hidden = [module for _ in range(DEPTH - 1) for module in (nn.Linear(WIDTH, WIDTH), nn.ReLU())]
    model = nn.Sequential(*hidden, nn.Linear(WIDTH, CLASSES))
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight)
    made = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](model.parameters(), lr=LR[optimizer])
    into, out = torch.randn(WIDTH, 16) / WIDTH**0.5, torch.randn(16, CLASSES)

    def run() -> None:
        for _ in range(STEPS):
            inputs = torch.randn(BATCH, WIDTH)
            targets = (torch.tanh(inputs @ into) @ out).argmax(dim=1)
            made.zero_grad()
            nn.functional.cross_entropy(model(inputs), targets).backward()
            made.step()

    return run


SIDES = {"gradscope": ours, "torch": theirs}


def seconds(side: str, optimizer: str, threads: int) -> float:
    """Of a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.training", side, optimizer, str(threads)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(json.loads(done.stdout))


def figures() -> Iterator[Figure]:
    """Ours over the better of PyTorch's times with one and two threads, medians of rounds in turn."""
    for optimizer in LR:
        found: dict[tuple[str, int], list[float]] = {(side, n): [] for side in SIDES for n in THREADS}
        for _ in range(ROUNDS):
            for (side, threads), times in found.items():
                times.append(seconds(side, optimizer, threads))
        best = {side: min(statistics.median(found[side, threads]) for threads in THREADS) for side in SIDES}
        note = f"{best['gradscope']:.2f} s, PyTorch {best['torch']:.2f} s"
        ratio = best["gradscope"] / best["torch"]
        yield Figure(f"1,000 {optimizer} steps, measured, over PyTorch", ratio, "x", at_most=1.0, note=note)


def main() -> None:
    """One side, once."""
    side, optimizer, threads = sys.argv[1:]
    run = SIDES[side](optimizer, int(threads))
    start = time.perf_counter()
    run()
    print(json.dumps(time.perf_counter() - start))


if __name__ == "__main__":
    main()
