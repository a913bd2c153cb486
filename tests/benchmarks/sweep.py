"""A sweep's figures: throughput with one and two jobs, the cost of a point above its diagnosis, memory.

Run with `python -m tests.benchmarks.sweep [POINTS]` on a machine that has two cores to spare; 10,000 points
of a network of 10 layers of 32 take about two minutes.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.figures import Figure, line

NETWORK = """\
params: {depth: 10, width: 32, gain: 1.0}
input: 32
init: {he_normal: {gain: "${gain}"}}
trials: 1
layers:
  - repeat: ${depth}
    layers: [{dense: "${width}"}, relu]
  - dense: 10
"""
DIAGNOSES = 500
STRETCH = 50
"""Diagnoses over which a mean time is taken."""
POINTS = 10_000
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


WINDOW = 4
"""Commits, of half a second each, over which a rate is taken."""


class Run(NamedTuple):
    """One sweep, from its first commit to its last."""

    commits: list[tuple[float, int]]
    """When, and how many points there were by then."""
    early_mb: float
    """Of the coordinator after a tenth of the points."""
    late_mb: float
    coordinator_seconds: float
    """Of a processor, by the coordinator for each point."""
    worker_seconds: float
    """The same by the workers, their start included."""

    @property
    def rate(self) -> float:
        """Points a second."""
        (begin, first), (end, last) = self.commits[0], self.commits[-1]
        return (last - first) / (end - begin)

    @property
    def best_rate(self) -> float:
        """What nine in ten stretches of two seconds do not reach: the rate when nobody else wants the cores."""
        stretches = zip(self.commits, self.commits[WINDOW:], strict=False)
        rates = [(last - first) / (end - begin) for (begin, first), (end, last) in stretches]
        return statistics.quantiles(rates, n=10)[-1] if len(rates) > 1 else self.rate


def resident_mb() -> float:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_MB


def children_seconds() -> float:
    """Of a processor, by processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(config: Path, points: int, jobs: int) -> Run:
    """Sweep over that many seeds, in worker processes whatever their number, into a store."""
    from gradscope.errors import Place
    from gradscope.sweeping.axes import make_axis
    from gradscope.sweeping.job import Job
    from gradscope.sweeping.points import read_base
    from gradscope.sweeping.sweep import Workforce, make_design, run_job

    base = read_base(config)
    design = make_design(base, [make_axis("seed", f"int:0:{points - 1}", Place("seed"))])
    store = str(config.with_suffix(f".{jobs}.sqlite"))
    commits: list[tuple[float, int]] = []
    done, early = 0, 0.0
    own, workers = time.process_time(), children_seconds()
    for finished in run_job(Job(base=base, design=design), Workforce(jobs=jobs), store):
        done += len(finished)
        commits.append((time.perf_counter(), done))
        if not early and done >= points / 10:
            early = resident_mb()
    assert done == points
    own, workers = time.process_time() - own, children_seconds() - workers
    return Run(commits, early, resident_mb(), own / points, workers / points)


def diagnosis_seconds(config: Path) -> list[float]:
    """The time of a diagnosis alone, of a config that was just read: means of stretches."""
    from gradscope.diagnosis import diagnose
    from gradscope.sweeping.points import read_base, resolve

    base = read_base(config)
    times = []
    for seed in range(DIAGNOSES):
        ready = resolve(base, {"seed": seed})
        start = time.perf_counter()
        diagnose(ready, jobs=1)
        times.append(time.perf_counter() - start)
    return [statistics.fmean(times[begin : begin + STRETCH]) for begin in range(0, DIAGNOSES, STRETCH)]


def first_block_seconds() -> float:
    """Until the first points of a grid of ten million are there."""
    from gradscope.sweeping.axes import parse_axis
    from gradscope.sweeping.grid import Design

    start = time.perf_counter()
    axes = [
        "depth=int:1:1000",
        "gain=log:0.1:10:1000",
        "act=relu,tanh,sigmoid,elu,selu,gelu,silu,mish,celu,relu6",
    ]
    design = Design([parse_axis(text) for text in axes], where="depth * gain < 5000")
    assert design.most == 10_000_000
    assert next(design.blocks())
    return time.perf_counter() - start


def first_line_seconds(config: Path) -> float:
    """From typing the command of a sweep of ten million points until its first result is there to be read."""
    axes = ["--axis", "gain=log:0.1:10:1000", "--axis", "depth=int:1:1000", "--axis", "seed=int:0:9"]
    store = str(config.with_suffix(".first.sqlite"))
    command = [sys.executable, "-m", "gradscope", "sweep", str(config), *axes, "--format", "jsonl"]
    start = time.perf_counter()
    with subprocess.Popen(
        [*command, "--store", store], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"{")
        seconds = time.perf_counter() - start
        process.kill()
    return seconds


def figures(points: int = POINTS) -> Iterator[Figure]:
    """Throughput, the cost of a point above its diagnosis, memory."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "network.yaml"
        config.write_text(NETWORK, encoding="utf-8")
        before = diagnosis_seconds(config)
        one, two = run(config, points, 1), run(config, points, 2)
        # Of what was seen before and after, as undisturbed as the rates.
        alone = statistics.quantiles(before + diagnosis_seconds(config), n=10)[0]
        first_line = first_line_seconds(config)
    above = 1e3 * (1.0 / one.best_rate - alone)
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    undisturbed = f"undisturbed {one.best_rate:.0f} and {two.best_rate:.0f}"
    yield Figure("diagnosis of 10 x 32, batch 64", 1e3 * alone, "ms")
    yield Figure("sweep, points a second, one job", one.rate, "", note=f"{points:,} points")
    yield Figure("sweep, points a second, two jobs", two.rate, "", note=undisturbed)
    yield Figure("sweep, two jobs over one", two.best_rate / one.best_rate, "x", at_least=1.8)
    # What the coordinator does is done while no worker computes, where there is no processor to spare.
    share = two.coordinator_seconds / two.worker_seconds
    note = f"{1e3 * two.worker_seconds:.2f} ms of workers; at most {2.0 / (1.0 + share):.2f} x on two cores"
    yield Figure("sweep, processor time of the coordinator", 1e3 * two.coordinator_seconds, "ms", note=note)
    yield Figure("sweep, a point above its diagnosis", above, "ms", at_most=1.0)
    memory = f"{two.early_mb:.0f} MB at 10 %, a worker {workers:.0f} MB"
    yield Figure("sweep, memory of the coordinator", two.late_mb, "MB", note=memory)
    yield Figure("sweep, first points of 10,000,000", first_block_seconds(), "s", at_most=1.0)
    yield Figure("sweep, first result of 10,000,000", first_line, "s", note="with processes to start")


def main() -> None:
    """Print the figures."""
    for figure in figures(int(sys.argv[1]) if len(sys.argv) > 1 else POINTS):
        print(line(figure, {}), flush=True)


if __name__ == "__main__":
    main()
