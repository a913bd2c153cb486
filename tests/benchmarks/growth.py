"""How time grows with depth, width and batch: exponents fitted on logarithms.

Run with `python -m tests.benchmarks growth`. Depth is meant to be linear, to ten thousand layers and without recursion.
"""

import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tests.benchmarks.figures import Figure

REPEATS = 5
DEPTHS = (100, 300, 1000, 3000, 10_000)


class Axis(NamedTuple):
    """What grows, the rest being fixed, and the largest exponent that is no surprise."""

    name: str
    values: Sequence[int]
    at_most: float
    depth: int = 20
    width: int = 256
    batch: int = 64


AXES = (
    Axis("depth", DEPTHS, 1.05, width=32, batch=16),
    Axis("width", (256, 512, 1024, 2048), 2.2, depth=6),
    Axis("batch", (64, 128, 256, 512), 1.2, depth=6, width=512),
)


def network(depth: int, width: int, batch: int) -> dict[str, Any]:
    hidden = {"repeat": depth, "layers": [{"dense": width}, "relu"]}
    return {
        "input": width,
        "batch": {"size": batch},
        "init": "he_normal",
        "trials": 1,
        "layers": [hidden, {"dense": 10}],
    }


def stages(config: Mapping[str, Any]) -> dict[str, float]:
    """Seconds of loading, of diagnosing and of writing the report as JSON."""
    from gradscope import diagnose, load_config
    from gradscope.render.json_ import render
    from gradscope.render.options import RenderOptions
    from gradscope.render.outcome import Outcome

    start = time.perf_counter()
    loaded = load_config(config)
    read = time.perf_counter()
    report = diagnose(loaded, jobs=1)
    diagnosed = time.perf_counter()
    render(Outcome((report,), several=False), RenderOptions())
    written = time.perf_counter()
    return {"load": read - start, "diagnose": diagnosed - read, "json": written - diagnosed}


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The slope of log time over log size."""
    slope, _ = statistics.linear_regression(
        *([math.log(value) for value in values] for values in zip(*points, strict=True))
    )
    return slope


def times(axis: Axis) -> list[tuple[int, dict[str, float]]]:
    """The least time of each stage at each size; in a process of its own, as memory grows too."""
    command = [sys.executable, "-m", "tests.benchmarks.growth", axis.name]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [(value, stage) for value, stage in json.loads(found.stdout)]


def child(axis: Axis) -> list[tuple[int, dict[str, float]]]:
    """In a process that is set up as the command's."""
    from gradscope.cli.environment import collect_seldom

    collect_seldom()
    found = []
    for value in axis.values:
        sizes = {"depth": axis.depth, "width": axis.width, "batch": axis.batch} | {axis.name: value}
        rounds = [stages(network(**sizes)) for _ in range(2 if value >= 3000 else REPEATS)]
        found.append((value, {name: min(one[name] for one in rounds) for name in rounds[0]}))
    return found


def figures() -> Iterator[Figure]:
    """An exponent for each axis, and the deepest network's stages."""
    for axis in AXES:
        found = times(axis)
        points = [(float(value), sum(stage.values())) for value, stage in found]
        note = f"{points[0][1] * 1e3:.0f} ms at {axis.values[0]}, {points[-1][1] * 1e3:.0f} ms at {axis.values[-1]}"
        yield Figure(
            f"time ~ {axis.name} to the power of", exponent(points), "", at_most=axis.at_most, note=note
        )
        if axis.name == "depth":
            for stage, seconds in found[-1][1].items():
                yield Figure(f"{stage} of {axis.values[-1]:,} layers of 32", seconds, "s")


if __name__ == "__main__":
    print(json.dumps(child(next(axis for axis in AXES if axis.name == sys.argv[1]))))
