"""Things that happen to workers, asked for by environment variables; to import it is to install it.

SABOTAGE_LOG=FILE     a line for each point that is begun: its number
SABOTAGE_KILL=N,M     points that kill their worker
SABOTAGE_HANG=N       points that take a minute in one call
SABOTAGE_SLOW=S       seconds that every point takes more
SABOTAGE_COMMIT=S     seconds that results wait to be stored
"""

import os
import signal
import time
from pathlib import Path

from gradscope.sweeping import run, worker
from gradscope.sweeping.grid import Point
from gradscope.sweeping.worker import Result, Task

_compute_point = worker.compute_point


def numbers(variable: str) -> list[int]:
    return [int(number) for number in os.environ.get(variable, "").split(",") if number]


def sabotaged(task: Task, point: Point) -> Result:
    if log := os.environ.get("SABOTAGE_LOG"):
        with Path(log).open("a", encoding="ascii") as stream:
            stream.write(f"{point.number}\n")
    if point.number in numbers("SABOTAGE_KILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    if point.number in numbers("SABOTAGE_HANG"):
        time.sleep(60.0)
    time.sleep(float(os.environ.get("SABOTAGE_SLOW", "0")))
    return _compute_point(task, point)


worker.compute_point = sabotaged
run.COMMIT_SECONDS = float(os.environ.get("SABOTAGE_COMMIT", run.COMMIT_SECONDS))
