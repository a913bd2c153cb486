"""One pass of a network, by gradscope and by PyTorch on the same number of threads: time and memory side by
side.

Each side runs in processes of its own, in turn, so that neither loads the other's libraries nor meets the
machine in another mood.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.figures import Figure, line

ROUNDS = 2
PASSES = 12
OURS, THEIRS = "gradscope", "torch"
MEMORY = 1.5
"""Times PyTorch's memory that ours may take."""


class Contest(NamedTuple):
    """A network, its pass by PyTorch, and how much longer ours may take."""

    name: str
    config: Path | dict[str, Any]
    overrides: dict[str, Any]
    torch_pass: Callable[[], Callable[[], object]]
    """Builds the network in PyTorch; what it gives is one pass forward and back."""
    limit: float = 1.5
    """Times PyTorch's time."""


def our_pass(contest: Contest, jobs: int) -> Callable[[], object]:
    """One pass forward and back with every norm of the report."""
    import numpy as np

    from gradscope import load_config
    from gradscope.build.plan import plan_of
    from gradscope.engine.threads import jobs_limit, one_blas_thread
    from gradscope.probe.run import run_trial

    plan = plan_of(load_config(contest.config, contest.overrides))
    network = plan.network(0)
    batch = plan.batch(0)

    def run() -> None:
        with one_blas_thread(), jobs_limit(jobs), np.errstate(all="ignore"):
            run_trial(plan.outline, network, [(0, batch)])

    return run


def measured(run: Callable[[], object]) -> dict[str, float]:
    """Milliseconds of the quickest pass, which other work on the machine has disturbed least; and the
    megabytes that passes added to the process."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run()
    seconds = []
    for _ in range(PASSES):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"ms": 1e3 * min(seconds), "megabytes": (after - before) / 1024.0}


def child(contest: Contest, side: str, threads: int) -> None:
    """What one process of one side does."""
    if side == OURS:
        run = our_pass(contest, threads)
    else:
        import torch

        torch.set_num_threads(threads)
        run = contest.torch_pass()
    print(json.dumps(measured(run)))


def _spawned(module: str, number: int, side: str, threads: int) -> dict[str, float]:
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
    }
    command = [sys.executable, "-m", module, str(number), side, str(threads)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    figures: dict[str, float] = json.loads(found.stdout)
    return figures


def figures_of(module: str, contests: Sequence[Contest]) -> Iterator[Figure]:
    """Time and memory over PyTorch's of each contest, on one thread and on two."""
    for number, contest in enumerate(contests):
        for threads in (1, 2):
            rounds = [
                {side: _spawned(module, number, side, threads) for side in (OURS, THEIRS)}
                for _ in range(ROUNDS)
            ]
            mine, theirs = (
                {key: min(found[side][key] for found in rounds) for key in ("ms", "megabytes")}
                for side in (OURS, THEIRS)
            )
            for key, unit in (("ms", "ms"), ("megabytes", "MB")):
                name = (
                    f"{'time' if key == 'ms' else 'memory'} over PyTorch's, {contest.name}, {threads} threads"
                )
                note = f"{mine[key]:.0f} {unit}, PyTorch {theirs[key]:.0f} {unit}"
                limit = contest.limit if key == "ms" else MEMORY
                yield Figure(name, mine[key] / theirs[key], "x", at_most=limit, note=note)


def main(module: str, contests: Sequence[Contest]) -> None:
    """Print the figures; with arguments, be one side of one contest."""
    if len(sys.argv) == 4:
        child(contests[int(sys.argv[1])], sys.argv[2], int(sys.argv[3]))
        return
    for figure in figures_of(module, contests):
        print(line(figure, {}), flush=True)
