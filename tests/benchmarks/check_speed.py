"""The time `gradscope check` takes for a folder of 100 small configs, as a process of its own.

Run with `python -m tests.benchmarks.check_speed`; ends with 1 when the median is beyond three seconds.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIGS = 100
RUNS = 5
BUDGET_SECONDS = 3.0
ACTIVATIONS = ("relu", "tanh", "gelu", "sigmoid", "selu")


def network(number: int) -> str:
    """Five to ten layers of 64 units; three trials of 64 samples, as by default."""
    activation = ACTIVATIONS[number % len(ACTIVATIONS)]
    inner = f"layers: [dense: 64, {activation}]"
    return f"input: 64\ninit: he_normal\nlayers:\n- {{repeat: {5 + number % 6}, {inner}}}\n- dense: 10\n"


def main() -> int:
    """Print the median for one job and for two."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(CONFIGS):
            (Path(folder) / f"net{number:03}.yaml").write_text(network(number), encoding="utf-8")
        medians = {}
        for jobs in ("1", "2"):
            command = [sys.executable, "-m", "gradscope", "check", folder, "--jobs", jobs]
            times, processor = [], os.times()
            for _ in range(RUNS):
                start = time.perf_counter()
                subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
                times.append(time.perf_counter() - start)
            medians[jobs] = statistics.median(times)
            # On a machine that others use too, the processor time says more than the wall's.
            spent = os.times().children_user + os.times().children_system
            spent -= processor.children_user + processor.children_system
            words = f"median {medians[jobs]:.2f} s, best {min(times):.2f} s, processor {spent / RUNS:.2f} s"
            print(f"{CONFIGS} configs, {jobs} jobs: {words}", flush=True)
    return int(min(medians.values()) > BUDGET_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
