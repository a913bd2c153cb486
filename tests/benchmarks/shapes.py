"""Dense networks of six shapes, by gradscope and by the script a user would write with PyTorch; and the products
alone.

Run with `python -m tests.benchmarks shapes`. Each side runs in processes of its own, in turn; a side's time is the
better of one and two threads, and a ratio is the median over the rounds.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from math import exp, log
from typing import NamedTuple

from tests.benchmarks.figures import Figure

ROUNDS = 5
THREADS = (1, 2)


class Shape(NamedTuple):
    """Depth, width and batch; how often one process repeats it; and how many times faster we are to be."""

    depth: int
    width: int
    batch: int
    repeat: int
    faster: float = 2.0

    @property
    def name(self) -> str:
        return f"{self.depth} x {self.width}, batch {self.batch}"


SHAPES = (
    Shape(50, 64, 64, 40, 1.5),
    Shape(50, 128, 64, 30),
    Shape(100, 256, 32, 10),
    Shape(50, 512, 64, 8),
    Shape(50, 1024, 128, 3),
    Shape(20, 2048, 128, 3),
)
MEAN_FASTER = 2.3
FLOORS = {512: 1.8, 2048: 1.35}
"""By width, how many times the time of two products a layer a probe may take."""


def network(shape: Shape) -> dict[str, object]:
    """The config: one trial, everything that is measured by default."""
    hidden = {"repeat": shape.depth, "layers": [{"dense": shape.width}, "relu"]}
    return {
        "input": shape.width,
        "batch": {"size": shape.batch},
        "init": "he_normal",
        "trials": 1,
        "layers": [hidden, {"dense": 10}],
    }


def median_ms(work: Callable[[], object], repeat: int) -> float:
    """Behind one warm-up."""
    work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def our_times(shape: Shape, threads: int) -> dict[str, float]:
    """From a config that was read to the summaries of every layer; and a pass alone, the weights being there."""
    import numpy as np

    from gradscope import load_config
    from gradscope.build.plan import Plan
    from gradscope.engine.threads import jobs_limit, one_blas_thread
    from gradscope.errors import Problems
    from gradscope.probe.run import measure, run_trial
    from gradscope.probe.summary import summarise_flow, summarise_layers, summarise_loss

    config = load_config(network(shape))

    def build_and_probe() -> None:
        plan = Plan(config, Problems())
        trace = measure(plan.outline, plan.network, plan.batch, trials=1, jobs=threads)
        summarise_layers(trace), summarise_flow(trace), summarise_loss(trace)

    plan = Plan(config, Problems())
    built, batch = plan.network(0), plan.batch(0)

    def probe() -> None:
        with one_blas_thread(), jobs_limit(threads), np.errstate(all="ignore"):
            run_trial(plan.outline, built, [(0, batch)])

    found = {"ms": median_ms(build_and_probe, shape.repeat)}
    return found | ({"probe_ms": median_ms(probe, shape.repeat)} if shape.width in FLOORS else {})


def floor_times(shape: Shape) -> dict[str, float]:
    """Two products a layer at the same shapes, with as many BLAS threads as the environment says."""
    import numpy as np

    rng = np.random.default_rng(0)
    width = shape.width
    weights = [rng.standard_normal((width, width), dtype=np.float32) for _ in range(shape.depth)]
    x = rng.standard_normal((shape.batch, width), dtype=np.float32)

    def products() -> None:
        for weight in weights:
            x @ weight
        for weight in reversed(weights):
            x @ weight.T

    return {"ms": median_ms(products, shape.repeat)}


def spawned(command: list[str], threads: int, blas_threads: int) -> dict[str, float]:
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": str(blas_threads),
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
    }
    found = subprocess.run(
        [sys.executable, "-m", *command], check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    times: dict[str, float] = json.loads(found.stdout)
    return times


def ours(shape: Shape, threads: int) -> dict[str, float]:
    return spawned(["tests.benchmarks.shapes", "ours", str(SHAPES.index(shape)), str(threads)], threads, 1)


def theirs(shape: Shape, threads: int) -> float:
    size = ["--depth", str(shape.depth), "--width", str(shape.width), "--batch", str(shape.batch)]
    found = spawned(["tests.benchmarks.peer_torch", *size, "--repeat", str(shape.repeat)], threads, threads)
    return found["build_ms"] + found["probe_ms"]


def floor(shape: Shape, threads: int) -> float:
    return spawned(["tests.benchmarks.shapes", "floor", str(SHAPES.index(shape))], threads, threads)["ms"]


def figures() -> Iterator[Figure]:
    """Ratios shape by shape, their geometric mean, and probes over products alone."""
    ratios = []
    for shape in SHAPES:
        rounds, above = [], []
        for _ in range(ROUNDS):
            mine = [ours(shape, threads) for threads in THREADS]
            peer = [theirs(shape, threads) for threads in THREADS]
            rounds.append((min(found["ms"] for found in mine), min(peer)))
            if shape.width in FLOORS:
                products = min(floor(shape, threads) for threads in THREADS)
                above.append(min(found["probe_ms"] for found in mine) / products)
        ratios.append(statistics.median(peer_ms / our_ms for our_ms, peer_ms in rounds))
        our_ms, peer_ms = (statistics.median(times) for times in zip(*rounds, strict=True))
        note = f"{our_ms:.1f} ms, PyTorch {peer_ms:.1f} ms"
        yield Figure(f"faster at {shape.name}", ratios[-1], "x", at_least=shape.faster, note=note)
        if above:
            limit = FLOORS[shape.width]
            yield Figure(f"probe over products at {shape.name}", statistics.median(above), "x", at_most=limit)
    mean = exp(statistics.fmean(map(log, ratios)))
    yield Figure("faster, geometric mean", mean, "x", at_least=MEAN_FASTER)


if __name__ == "__main__":
    side, number = sys.argv[1], int(sys.argv[2])
    print(
        json.dumps(
            our_times(SHAPES[number], int(sys.argv[3])) if side == "ours" else floor_times(SHAPES[number])
        )
    )
