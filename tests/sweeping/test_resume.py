"""The coordinator is killed at ten random moments: what was stored stays, and only what is missing is
computed."""

import csv
import json
import random
import sqlite3
import time
import zlib
from pathlib import Path
from typing import Any

from tests.sweeping.sweeps import driven, write_base

POINTS = 200
KILLS = 10
SECONDS_A_POINT = "0.02"
TABLES = {"points", "reports", "sweeps", "members"}
"""Made all at once."""


def command(folder: Path, store: str) -> list[str | Path]:
    axes = ["--axis", f"seed=int:0:{POINTS // 2 - 1}", "--axis", "act=relu,tanh"]
    return ["sweep", folder / "net.yaml", *axes, "--jobs", "2", "--quiet", "--store", folder / store]


def stored(path: Path) -> dict[int, Any]:
    """Number to row id and report, without the time it took."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        if not tables:  # killed while it set itself up
            return {}
        assert tables >= TABLES
        query = "SELECT number, id, report FROM members JOIN points ON id = point JOIN reports USING (id)"
        rows = connection.execute(query).fetchall()
    connection.close()
    return {
        number: (key, json.loads(zlib.decompress(report)) | {"wall_seconds": 0})
        for number, key, report in rows
    }


def begun(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def test_ten_kills_lose_nothing_and_nothing_is_computed_twice(tmp_path: Path) -> None:
    write_base(tmp_path)
    moments = random.Random(20)
    kept: dict[int, Any] = {}
    for number in range(KILLS):
        log = tmp_path / f"log{number}"
        process = driven(
            *command(tmp_path, "killed.sqlite"),
            SABOTAGE_LOG=str(log),
            SABOTAGE_SLOW=SECONDS_A_POINT,
            SABOTAGE_COMMIT="0.1",
        )
        while number and not log.exists():  # the first one is killed while it sets itself up
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.4))
        process.kill()
        process.communicate()
        now = stored(tmp_path / "killed.sqlite") if (tmp_path / "killed.sqlite").exists() else {}
        assert now.items() >= kept.items()
        assert not set(begun(log)) & kept.keys()
        assert len(begun(log)) == len(set(begun(log)))
        kept = now
    assert 0 < len(kept) < POINTS  # or the moments were badly chosen
    results = []
    for store, name in (("killed.sqlite", "last"), ("whole.sqlite", "whole")):
        process = driven(
            *command(tmp_path, store), "--export", tmp_path / f"{name}.csv", SABOTAGE_LOG=str(tmp_path / name)
        )
        _, stderr = process.communicate(timeout=60)
        assert (process.returncode, stderr) == (0, "")
        results.append(
            [report for _, report in (value for _, value in sorted(stored(tmp_path / store).items()))]
        )
    assert sorted(begun(tmp_path / "last")) == sorted({*range(POINTS)} - kept.keys())
    assert sorted(begun(tmp_path / "whole")) == [*range(POINTS)]
    assert results[0] == results[1]
    assert (tmp_path / "last.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    with (tmp_path / "last.csv").open(newline="") as lines:
        assert len([*csv.reader(lines)]) == POINTS + 1


def test_two_sweeps_at_once_into_one_file_both_get_there(tmp_path: Path) -> None:
    write_base(tmp_path)
    first = driven(*command(tmp_path, "a.sqlite"), SABOTAGE_SLOW="0.01")
    time.sleep(0.8)
    seeds = ["--axis", "seed=int:80:99", "--jobs", "1"]
    second = driven("sweep", tmp_path / "net.yaml", *seeds, "--store", tmp_path / "a.sqlite")
    stdout, stderr = second.communicate(timeout=60)
    assert first.wait(timeout=60) == second.returncode == 0
    first.communicate()
    path = tmp_path / "a.sqlite"
    assert stderr.splitlines()[0] == f"another sweep is writing {path}; waiting for it to end"
    assert stderr.splitlines()[1] == f"20 points in {path}, 20 of them from before"
    assert "20 points: " in stdout
    with sqlite3.connect(path) as connection:
        counts = connection.execute("SELECT count(*) FROM members GROUP BY sweep").fetchall()
        assert counts == [(POINTS,), (20,)]
        assert connection.execute("SELECT count(*) FROM points").fetchone() == (POINTS,)
    connection.close()
