"""Control-C between two measured steps that are far apart."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

NET = """\
input: 8
trials: 2
layers: [dense: 8, relu, dense: 3]
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_control_c_ends_a_training_that_is_hardly_measured(tmp_path: Path, jobs: int) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(NET, encoding="utf-8")
    asked = ["train", str(file), "--steps", "1000000000", "--jobs", str(jobs)]
    with subprocess.Popen(
        [sys.executable, "-m", "gradscope", *asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert process.stderr.readline().startswith("step          0/1000000000")
        os.kill(process.pid, signal.SIGINT)
        assert "interrupted, measured up to step 0 of 1,000,000,000" in process.stdout.read()
        assert process.wait() == 130
