"""What `--estimate` expects against what a diagnosis then takes: seconds, and memory at its peak.

Run with `python -m tests.benchmarks estimates`; each network in a process of its own.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks import attention, recurrent, shapes
from tests.benchmarks.figures import Figure

WITHIN = 2.0
"""How many times more or less it may be."""

ROUNDS = 3
CONFIGS = Path(__file__).parents[2] / "configs"

NETWORKS: dict[str, tuple[Any, Mapping[str, Any]]] = {
    **{shape.name: (shapes.network(shape), {}) for shape in shapes.SHAPES},
    "ResNet-20": (CONFIGS / "resnet20.yaml", {"trials": 1}),
    "LSTM": (recurrent.CONTESTS[0].config, {"trials": 1}),
    "GPT-2 small": (attention.CONTESTS[1].config, {**attention.CONTESTS[1].overrides, "trials": 1}),
}


def child(name: str, jobs: int) -> dict[str, float]:
    """Expected and found; the most memory of the process above what it had before."""
    import resource

    import numpy as np

    from gradscope import diagnose, load_config
    from gradscope.build import plan_of
    from gradscope.effort.estimate import Terms, estimate

    def most() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    source, overrides = NETWORKS[name]
    diagnose(load_config({"input": 4, "layers": [{"dense": 4}], "trials": 1}))
    config = load_config(source, overrides=dict(overrides))
    expected = [estimate(plan_of(config), Terms(1, jobs)) for _ in range(ROUNDS)]
    before, seconds = most(), []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        diagnose(config, jobs=jobs)
        seconds.append(time.perf_counter() - start)
    return {
        "expected": float(np.median([one.seconds for one in expected])),
        "found": min(seconds),
        "expected_bytes": expected[0].peak_bytes,
        "bytes": most() - before,
    }


def figures() -> Iterator[Figure]:
    """Ratios of expected to found."""
    for name in NETWORKS:
        for jobs in (1, 2):
            command = [sys.executable, "-m", "tests.benchmarks.estimates", name, str(jobs)]
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            note = f"{found['expected'] * 1e3:.0f} ms, took {found['found'] * 1e3:.0f} ms"
            ratio = found["expected"] / found["found"]
            label = f"expected over found, {name}, {jobs} threads"
            yield Figure(label, ratio, "x", at_most=WITHIN, at_least=1.0 / WITHIN, note=note)
            if jobs == 1:
                note = f"{found['expected_bytes'] / 1e6:.0f} MB, took {found['bytes'] / 1e6:.0f} MB"
                yield Figure(
                    f"the same of memory, {name}",
                    found["expected_bytes"] / max(1, found["bytes"]),
                    "x",
                    note=note,
                )


if __name__ == "__main__":
    print(json.dumps(child(sys.argv[1], int(sys.argv[2]))))
