"""Whole processes: one network, and a hundred small ones, against the script a user would write with PyTorch.

Run with `python -m tests.benchmarks processes`. Pairs are run in turn, ratios are taken pair by pair.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.check_speed import CONFIGS, network
from tests.benchmarks.figures import Figure

PAIRS = 7
PEERS = 5
"""Processes of the peer that stand for a hundred: they are alike, and take minutes."""
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
    code = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment).returncode
    taken = time.perf_counter() - start
    assert code in {0, 1}, f"{' '.join(command)} ended with {code}"  # 1: findings
    return taken


def ours(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gradscope", *arguments]


def peer(depth: int, width: int) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.peer_torch", "--depth", str(depth), "--width", str(width)]


def figures() -> Iterator[Figure]:
    """How many times faster than the peer's processes."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "network.yaml"
        config.write_text(NETWORK, encoding="utf-8")
        commands = ours("run", str(config)), peer(50, 128)
        pairs = [tuple(map(seconds, commands)) for _ in range(PAIRS + 1)][1:]
        ratio = statistics.median(theirs / mine for mine, theirs in pairs)
        mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
        note = f"{mine:.2f} s, PyTorch {theirs:.2f} s"
        yield Figure("faster as a process, 50 x 128", ratio, "x", at_least=8.0, note=note)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(CONFIGS):
            (Path(folder) / f"net{number:03}.yaml").write_text(network(number), encoding="utf-8")
        command = ours("check", folder)
        mine = statistics.median(seconds(command) for _ in range(PEERS))
    theirs = CONFIGS * statistics.median(seconds(peer(5 + number, 64)) for number in range(PEERS))
    note = f"{mine:.2f} s, PyTorch {theirs:.0f} s"
    yield Figure(f"faster than {CONFIGS} processes, one check", theirs / mine, "x", at_least=20.0, note=note)
