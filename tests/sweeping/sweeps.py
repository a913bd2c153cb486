"""Small sweeps to test with: a base that takes milliseconds, designs, and sweeps that are run in this
process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradscope.errors import Place
from gradscope.sweeping.axes import make_axis
from gradscope.sweeping.grid import Design
from gradscope.sweeping.job import Job
from gradscope.sweeping.outcome import SweepPoint
from gradscope.sweeping.points import Base, read_base
from gradscope.sweeping.sweep import Workforce, make_design, run_job

ROOT = Path(__file__).parents[2]
SMALL = """\
params: {depth: 2, width: 4, act: relu, gain: 1.0}
input: 4
batch: {size: 8}
trials: 1
init: {he_normal: {gain: "${gain}"}}
layers:
  - repeat: ${depth}
    layers: [{dense: "${width}"}, "${act}"]
  - dense: 3
"""


def write_base(folder: Path, text: str = SMALL, name: str = "net") -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def base_of(folder: Path, text: str = SMALL, overrides: Mapping[str, Any] | None = None) -> Base:
    return read_base(write_base(folder, text), overrides)


def design(axes: Mapping[str, Any], **options: Any) -> Design:
    """A design that no base has to agree to."""
    return Design([make_axis(name, values, Place(name)) for name, values in axes.items()], **options)


def job(base: Base, axes: Mapping[str, Any], **options: Any) -> Job:
    made = [make_axis(name, values, Place(name)) for name, values in axes.items()]
    return Job(base=base, design=make_design(base, made), **options)


def swept(job: Job, store: Path | None = None) -> list[SweepPoint]:
    """All points, computed here, in the order of their numbers."""
    path = None if store is None else str(store)
    points = [point for points in run_job(job, Workforce(), path) for point in points]
    return sorted(points, key=lambda point: point.number)


def environment(**variables: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)} | variables


def driven(*arguments: str | Path, **variables: str) -> subprocess.Popen[str]:
    """The command line with a saboteur in it, as a process of its own."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tests/sweeping/driver.py"), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
        start_new_session=True,
    )
