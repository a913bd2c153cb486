"""`gradscope.sweep`, and that its numbers do not depend on who computes them."""

import json
import math
import pickle
from pathlib import Path
from typing import Any

import pytest

import gradscope
from gradscope.errors import ConfigError, UserError
from gradscope.sweeping.sweep import Workforce, run_job
from tests.sweeping.sweeps import SMALL, base_of, job, write_base

AXES = {"depth": [1, 2, 3, 0], "act": "relu,tanh,sigmoid", "seed": "int:0:4"}


def test_a_point_prints_what_it_is_and_what_came_of_it() -> None:
    config = {"params": {"width": 4}, "input": 3, "layers": [{"dense": "${width}"}], "trials": 1}
    points = [*gradscope.sweep(config, {"width": [4, 0]})]
    assert repr(points[0]) == "SweepPoint(number=0, axes={'width': 4}, verdict='healthy')"
    assert repr(points[1]).startswith(
        "SweepPoint(number=1, axes={'width': 0}, error='<dict>: layers[0].dense: "
    )
    assert len(repr(points[1])) < 200


def told(points: list[gradscope.SweepPoint]) -> list[Any]:
    """Everything but the time it took."""
    found = []
    for point in sorted(points, key=lambda point: point.number):
        report = None if point.report is None else point.report.to_dict() | {"wall_seconds": None}
        found.append((point.number, point.axes, point.key, json.dumps(point.to_dict()), json.dumps(report)))
    return found


def test_points_are_yielded_with_their_reports(tmp_path: Path) -> None:
    config = gradscope.load_config(write_base(tmp_path), overrides={"width": 8})
    points = [*gradscope.sweep(config, axes={"depth": [1, 2], "act": ["relu", "tanh"]})]
    assert [point.axes for point in points] == [
        {"depth": depth, "act": act} for depth in (1, 2) for act in ("relu", "tanh")
    ]
    for point in points:
        expected = gradscope.diagnose(
            gradscope.load_config(tmp_path / "net.yaml", {"width": 8, **point.axes})
        )
        assert point.report is not None
        assert point.report.to_dict() | {"wall_seconds": 0} == expected.to_dict() | {"wall_seconds": 0}
        assert (point.verdict, point.error, point.is_stored) == (expected.verdict, None, False)
        assert (point.gain_per_layer, point.log10_ratio) == (
            expected.flow.gain_per_layer,
            expected.flow.log10_ratio,
        )
        assert point.rules == tuple(dict.fromkeys(finding.rule for finding in expected.findings))
    assert pickle.loads(pickle.dumps(points)) == points


def test_one_job_and_two_give_the_same_bits(tmp_path: Path) -> None:
    found = job(base_of(tmp_path), AXES)
    here, one, two = (
        [point for batch in run_job(found, Workforce(jobs=jobs), None) for point in batch]
        for jobs in (None, 1, 2)
    )
    assert told(here) == told(one) == told(two)
    assert [point.error is not None for point in sorted(here, key=lambda p: p.number)].count(True) == 15


def test_stored_points_come_back_as_they_were(tmp_path: Path) -> None:
    file, store = write_base(tmp_path), tmp_path / "a.sqlite"
    first = [*gradscope.sweep(file, AXES, store=store)]
    second = [*gradscope.sweep(file, AXES, store=store)]
    assert all(point.is_stored for point in second)
    assert told(second) == told(first)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sqlite", "net.yaml"]


def test_the_other_ways_to_choose_points(tmp_path: Path) -> None:
    file = write_base(tmp_path)
    zipped = [*gradscope.sweep(file, {"act": ["relu"]}, zip={"depth": [1, 2], "width": [3, 4]})]
    assert [point.axes for point in zipped] == [
        {"act": "relu", "depth": 1, "width": 3},
        {"act": "relu", "depth": 2, "width": 4},
    ]
    drawn = [*gradscope.sweep(file, {"gain": "log:0.5:2", "seed": "int:0:9"}, random=7, random_seed=1)]
    assert len(drawn) == 7
    kept = [*gradscope.sweep(file, {"depth": [1, 2, 3]}, where="depth * width > 4", overrides={"width": 3})]
    assert [point.axes["depth"] for point in kept] == [2, 3]


def test_a_dictionary_can_be_swept() -> None:
    base = {"params": {"n": 3}, "input": 4, "trials": 1, "layers": [{"dense": "${n}"}, "relu", {"dense": 2}]}
    assert [point.axes["n"] for point in gradscope.sweep(base, {"n": [3, 5]})] == [3, 5]


def test_mistakes_are_told_before_anything_is_computed(tmp_path: Path) -> None:
    file = write_base(tmp_path)
    for call, message in (
        (lambda: gradscope.sweep(file, {"dpeth": [1]}), "axes['dpeth']: 'dpeth' is neither a knob nor"),
        (lambda: gradscope.sweep(file, {"depth": []}), "axes['depth']: there are no values"),
        (lambda: gradscope.sweep(file), "sweep: there is nothing to vary"),
        (
            lambda: gradscope.sweep(file, {"depth": [1]}, where="x > 1"),
            "sweep: there is no axis and no knob 'x'",
        ),
        (
            lambda: gradscope.sweep(file, {"depth": [1]}, zip={"depth": [1]}),
            "sweep: the axis 'depth' is given twice",
        ),
        (lambda: gradscope.sweep(tmp_path / "no.yaml", {"depth": [1]}), "there is no such file"),
    ):
        with pytest.raises(UserError) as caught:
            call()
        assert message in str(caught.value)
    with pytest.raises(ConfigError):
        gradscope.sweep(write_base(tmp_path, "input: 3\nlayers: [rleu]\n"), {"seed": [1]})


def test_numbers_that_are_not_finite_survive(tmp_path: Path) -> None:
    file = write_base(tmp_path, SMALL.replace("act: relu", "act: linear"))
    store = tmp_path / "a.sqlite"
    axes = {"gain": [1e38]}
    (first,), (second,) = ([*gradscope.sweep(file, axes, store=store)] for _ in range(2))
    assert first.verdict == "non_finite"
    assert second.is_stored
    assert json.dumps(first.to_dict(), allow_nan=False) == json.dumps(second.to_dict())
    assert first.report is not None
    assert second.report is not None
    assert repr(first.report) == repr(second.report)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"jobs": 0}, "jobs: expected a whole number from 1 to 1,000, got 0"),
        ({"jobs": 2.5}, "jobs: expected a whole number from 1 to 1,000, got 2.5"),
        ({"jobs": True}, "jobs: expected a whole number from 1 to 1,000, got True"),
        ({"timeout": 0.0}, "timeout: expected seconds above 0, at most 1e+09, got 0.0"),
        ({"timeout": math.nan}, "timeout: expected seconds above 0, at most 1e+09, got nan"),
        ({"timeout": math.inf}, "timeout: expected seconds above 0, at most 1e+09, got inf"),
        ({"random": 0}, "random: expected a whole number of at least 1, got 0"),
        (
            {"random": 1.5, "random_seed": -1},
            "random: expected a whole number of at least 1, got 1.5\n"
            "random_seed: expected a whole number of at least 0, got -1",
        ),
        ({"store": ""}, "store: a file without a name; name a file, as in results.sqlite"),
    ],
)
def test_numbers_out_of_bounds_are_refused(given: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        next(gradscope.sweep(write_base(tmp_path), {"depth": [1]}, **given))
    assert str(caught.value) == message
