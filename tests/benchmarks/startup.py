"""Whole-process figures: what `--help`, `--version` and a small `run` take above what they cannot do without.

Run with `python -m tests.benchmarks.startup`; pairs are run in turn and ratios taken pair by pair.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAIRS = 15
BARE = [sys.executable, "-c", "pass"]
IMPORTS = [sys.executable, "-c", "import numpy, click, rich.console, rich.table, yaml, msgspec"]
GRADSCOPE = [sys.executable, "-m", "gradscope"]
NETWORK = """\
input: 128
init: he_normal
trials: 1
layers:
  - repeat: 50
    layers: [dense: 128, relu]
  - dense: 10
"""


def seconds(command: list[str]) -> float:
    """Wall time of one process; bytecode is kept, as it is for a user."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def in_turn(command: list[str], floor: list[str]) -> list[tuple[float, float]]:
    """Wall times of both, one pair after the other, behind one warm-up."""
    seconds(command), seconds(floor)
    return [(seconds(command), seconds(floor)) for _ in range(PAIRS)]


def main() -> None:
    """Print the table of figures and targets."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "network.yaml"
        config.write_text(NETWORK, encoding="utf-8")
        for option in ("--help", "--version"):
            pairs = in_turn([*GRADSCOPE, option], BARE)
            above = statistics.median(ours - bare for ours, bare in pairs) * 1e3
            print(f"{option:<34} {above:6.1f} ms above bare Python   (target 60)")
        pairs = in_turn([*GRADSCOPE, "run", str(config)], IMPORTS)
        ratio = statistics.median(ours / floor for ours, floor in pairs)
        print(f"{'run, 50 layers of 128, batch 64':<34} {ratio:6.2f} × its imports            (target 1.30)")


if __name__ == "__main__":
    main()
