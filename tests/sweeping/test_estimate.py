from pathlib import Path

import pytest

from gradscope.render.sweep_estimate import duration, render
from gradscope.sweeping import estimate as estimate_module
from gradscope.sweeping.estimate import estimate
from gradscope.sweeping.job import Job
from tests.sweeping.sweeps import base_of, job, swept


def test_without_a_store_some_points_are_timed(tmp_path: Path) -> None:
    found = estimate(job(base_of(tmp_path), {"seed": "int:0:9999999"}), str(tmp_path / "a.sqlite"))
    assert (found.points, found.stored, found.missing, found.is_about) == (10**7, 0, 10**7, False)
    assert found.timed == 3
    assert found.seconds is not None
    assert 0 < found.seconds < 1
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
    assert (wider.points, wider.stored, wider.is_about, wider.timed) == (8, 2, False, 0)
    assert wider.seconds is not None
    assert path.read_bytes() == content


def test_of_a_large_sweep_a_part_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, path = base_of(tmp_path), tmp_path / "a.sqlite"
    swept(job(base, {"seed": "int:0:99"}), path)
    monkeypatch.setattr(estimate_module, "MOST_LOOKED_UP", 256)
    found = estimate(job(base, {"seed": "int:0:1023"}), str(path))
    assert (found.stored, found.is_about) == (100, True)


def test_a_condition_is_counted(tmp_path: Path) -> None:
    from gradscope.errors import Place
    from gradscope.sweeping.axes import make_axis
    from gradscope.sweeping.sweep import make_design

    base = base_of(tmp_path)
    axes = [make_axis("depth", [1, 2, 3, 4], Place("depth"))]
    for where, points, timed in (("depth > 2", 2, 2), ("depth > 9", 0, 0)):
        found = estimate(
            Job(base=base, design=make_design(base, axes, where=where)), str(tmp_path / "a.sqlite")
        )
        assert (found.points, found.timed) == (points, timed)


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
