"""Whole-process figures: what `--help`, `--version` and a small `run` take above what they cannot do without.

Run with `python -m tests.benchmarks startup`; pairs are run in turn and differences taken pair by pair.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import ours, seconds

PAIRS = 21
BARE = [sys.executable, "-c", "pass"]
IMPORTS = [sys.executable, "-c", "import numpy, click, rich.console, rich.table, yaml, msgspec"]
NETWORK = """\
input: 4
trials: 1
layers:
  - dense: 4
  - dense: 2
"""


def above(command: list[str], floor: list[str]) -> float:
    """Milliseconds the one takes above the other, behind one warm-up."""
    pairs = [(seconds(command), seconds(floor)) for _ in range(PAIRS + 1)][1:]
    return statistics.median(mine - bare for mine, bare in pairs) * 1e3


def figures() -> Iterator[Figure]:
    """Start-up above bare Python, and above the imports of what a run needs."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "network.yaml"
        config.write_text(NETWORK, encoding="utf-8")
        for option in ("--help", "--version"):
            yield Figure(f"{option} above bare Python", above(ours(option), BARE), "ms", at_most=60.0)
        run = above(ours("run", str(config)), IMPORTS)
        yield Figure("run above its imports, two layers of 4", run, "ms", at_most=25.0)
