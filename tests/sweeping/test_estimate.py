from pathlib import Path

import msgspec
import pytest

from gradscope.errors import UserError
from gradscope.render.sweep_estimate import duration, render
from gradscope.sweeping import estimate as estimate_module
from gradscope.sweeping.estimate import MOST_TIMED, Estimate, estimate
from gradscope.sweeping.grid import Point
from gradscope.sweeping.job import Job
from gradscope.sweeping.worker import Result, Task, failure
from tests.sweeping.sweeps import base_of, job, swept


def test_without_a_store_some_points_are_timed(tmp_path: Path) -> None:
    found = estimate(job(base_of(tmp_path), {"seed": "int:0:9999999"}), str(tmp_path / "a.sqlite"))
    assert (found.points, found.stored, found.missing, found.is_about) == (10**7, 0, 10**7, False)
    assert 0 < found.timed <= MOST_TIMED
    assert found.seconds is not None
    assert 0 < found.seconds < 1
    assert not found.is_at_least
    assert [file.name for file in tmp_path.iterdir()] == ["net.yaml"]


def test_a_store_knows_what_it_has_and_how_long_it_took(tmp_path: Path) -> None:
    base, path = base_of(tmp_path), tmp_path / "a.sqlite"
    swept(job(base, {"depth": [1, 2, 0]}), path)
    content = path.read_bytes()
    same = estimate(job(base, {"depth": [1, 2, 0]}), str(path))
    assert (same.points, same.stored, same.missing, same.timed) == (3, 3, 0, 0)
    retried = estimate(job(base, {"depth": [1, 2, 0]}, retry_failed=True), str(path))
    assert (retried.stored, retried.missing) == (2, 1)
    wider = estimate(job(base, {"depth": [1, 2, 0, 3], "act": ["tanh", "relu"]}), str(path))
    assert (wider.points, wider.stored, wider.is_about) == (8, 2, False)
    assert 0 < wider.timed <= 6  # of those that are missing
    assert wider.seconds is not None
    assert path.read_bytes() == content


def test_of_a_large_sweep_a_part_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, path = base_of(tmp_path), tmp_path / "a.sqlite"
    swept(job(base, {"seed": "int:0:99"}), path)
    monkeypatch.setattr(estimate_module, "MOST_LOOKED_UP", 256)
    monkeypatch.setattr(estimate_module, "MOST_TIMED", 1)
    found = estimate(job(base, {"seed": "int:0:1023"}), str(path))
    assert found.is_about
    assert 50 < found.stored < 150


def test_points_that_take_too_long_are_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def given_up(task: Task, point: Point) -> Result:
        assert task.timeout is not None
        return failure(task.base, task.names, point, "took too long", seconds=task.timeout)

    monkeypatch.setattr(estimate_module, "compute_point", given_up)
    made = job(base_of(tmp_path), {"depth": [1, 2]})
    found = estimate(made, str(tmp_path / "a.sqlite"))
    assert found.is_at_least
    assert found.seconds is not None
    assert found.seconds >= estimate_module.MOST_SECONDS
    slow = msgspec.structs.replace(found, points=1000, seconds=10.0, timed=1)
    assert render(slow, made.design, 2, "a.sqlite").splitlines()[3] == (
        "time      at least 1 h 23 min with 2 jobs (10 s a point, as 1 point took)"
    )
    limited = estimate(job(base_of(tmp_path), {"depth": [1]}, timeout=1.0), str(tmp_path / "a.sqlite"))
    assert limited.seconds is None  # nothing can be computed within what it may take


def test_estimates_are_rounded(tmp_path: Path) -> None:
    made = job(base_of(tmp_path), {"depth": [1, 2]})
    found = Estimate(
        points=9_577_771, points_are_about=True, stored=1234, is_about=False,
        seconds=0.5, is_at_least=False, timed=3,
    )  # fmt: skip
    assert render(found, made.design, None, "a.sqlite") == (
        "points    about 9,580,000: depth (2)\n"
        "stored    1,234 in a.sqlite\n"
        "missing   about 9,580,000\n"
        "time      about 55 d 10 h of one worker's (500 ms a point, as 3 points took)\n"
    )


def test_a_condition_is_counted(tmp_path: Path) -> None:
    from gradscope.errors import Place
    from gradscope.sweeping.axes import make_axis
    from gradscope.sweeping.sweep import make_design

    base = base_of(tmp_path)
    axes = [make_axis("depth", [1, 2, 3, 4], Place("depth"))]
    store = str(tmp_path / "a.sqlite")
    found = estimate(Job(base=base, design=make_design(base, axes, where="depth > 2")), store)
    assert (found.points, found.timed) == (2, 1)  # the first one only warms up
    for where, message in (
        ("depth > 9", "sweep: no point meets the condition 'depth > 9'; loosen it"),
        ("1 / (depth - 4) < 0", "sweep: '1 / (depth - 4) < 0' has no answer at depth=4: division by zero; "),
    ):
        with pytest.raises(UserError) as caught:
            estimate(Job(base=base, design=make_design(base, axes, where=where)), store)
        assert str(caught.value).startswith(message)


def test_points_that_fail_say_nothing_of_the_time(tmp_path: Path) -> None:
    made = job(base_of(tmp_path), {"depth": [0, -1]})
    found = estimate(made, str(tmp_path / "a.sqlite"))
    assert (found.seconds, found.timed) == (None, 0)
    assert render(found, made.design, 2, "a.sqlite") == (
        "points    2: depth (2)\n"
        "stored    0 in a.sqlite\n"
        "missing   2\n"
        "time      unknown: none of the points that were tried could be computed\n"
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "less than a second"),
        (1.0, "1 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7322, "2 h 2 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
