"""Networks larger than memory: ten billion parameters within a budget, as a process of its own.

Run with `python -m tests.benchmarks large`; it takes two minutes.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure

NETWORK = """\
input: 10000
batch: {size: 16}
init: he_normal
trials: 1
layers:
  - repeat: 100
    layers: [dense: 10000, relu]
  - dense: 10
"""


def figures() -> Iterator[Figure]:
    """Wall time and the most memory it held at once."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "large.yaml"
        config.write_text(NETWORK, encoding="utf-8")
        command = [sys.executable, "-m", "gradscope", "run", str(config), "--memory", "1GB", "--quiet"]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
    assert process.returncode == 0
    spent = usage.ru_utime + usage.ru_stime
    yield Figure("ten billion parameters", seconds, "s", at_most=90.0, note=f"processor {spent:.0f} s")
    yield Figure("memory of it, at most", usage.ru_maxrss * 1024 / 1e9, "GB", at_most=2.0)
