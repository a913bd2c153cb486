import json
import math
import time
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

import gradscope
from gradscope.errors import UserError
from gradscope.sweeping import worker
from gradscope.sweeping.columns import COLUMNS
from gradscope.sweeping.grid import Point
from gradscope.sweeping.limits import TooLongError, time_limit
from gradscope.sweeping.points import key_of
from gradscope.sweeping.worker import Result, Task, compute, compute_point, failure
from tests.sweeping.sweeps import SMALL, base_of, write_base


def computed(folder: Path, text: str = SMALL, timeout: float | None = None, **values: Any) -> Result:
    point = Point(7, tuple(values.values()))
    return compute_point(Task(base_of(folder, text), tuple(values), [point], timeout), point)


def test_a_result_is_the_report_that_diagnose_gives(tmp_path: Path) -> None:
    result = computed(tmp_path, depth=3, act="tanh")
    config = gradscope.load_config(write_base(tmp_path), {"depth": 3, "act": "tanh"})
    expected = gradscope.diagnose(config, jobs=1).to_dict()
    assert result.report is not None
    found = json.loads(zlib.decompress(result.report))
    assert found.pop("wall_seconds") > 0
    del expected["wall_seconds"]
    assert found == expected
    assert dict(zip(COLUMNS, result.columns, strict=True)) == {
        "verdict": expected["verdict"],
        "flow.gain_per_layer": expected["flow"]["gain_per_layer"],
        "flow.log10_ratio": expected["flow"]["log10_ratio"],
        "flow.r2": expected["flow"]["r2"],
        "parameters": expected["parameters"],
        "worst_dead_fraction": None,
        "rules": " ".join(dict.fromkeys(finding["rule"] for finding in expected["findings"])),
        "seed": 0,
        "error": None,
    }
    assert (result.number, result.values, result.error) == (7, (3, "tanh"), None)
    assert result.seconds > 0
    assert result.version == gradscope.__version__


def test_numbers_that_are_not_finite_are_written_as_in_every_report(tmp_path: Path) -> None:
    result = computed(tmp_path, init={"normal": {"std": 1e30}}, gain=1.0)
    result = computed(tmp_path, SMALL.replace("act: relu", "act: linear"), gain=1e38)
    assert result.report is not None
    text = zlib.decompress(result.report).decode()
    assert '"nan"' in text or '"inf"' in text
    assert json.loads(text, parse_constant=pytest.fail)["verdict"] == "non_finite"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 0.0, -1.5, 5e-324, 1.7976931348623157e308])
def test_json_is_that_of_the_report_whatever_the_number(number: float, tmp_path: Path) -> None:
    report = gradscope.diagnose(gradscope.load_config(write_base(tmp_path)), jobs=1)
    report = msgspec.structs.replace(report, wall_seconds=number)
    assert json.loads(worker._json(report)) == report.to_dict()


def test_a_combination_that_makes_no_config_is_a_result(tmp_path: Path) -> None:
    result = computed(tmp_path, depth=0, act="reluu")
    assert result.report is None
    assert result.columns[:-1] == (None,) * (len(COLUMNS) - 1)
    assert result.error is not None
    assert "expected a whole number of at least 1, got 0 from ${depth}" in result.error
    assert "did you mean 'relu'?" in result.error
    assert "\n" not in result.error


def test_a_fault_of_ours_is_a_result_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, words in (
        (KeyError("x"), "internal error: KeyError: 'x'"),
        (MemoryError(), "not enough memory: no more could be had"),
    ):

        def raising(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr("gradscope.diagnosis.diagnose", raising)
        result = computed(tmp_path, depth=2)
        assert result.error == words
        assert result.key == key_of(base_of(tmp_path), {"depth": 2})


def test_a_point_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> None:
        try:
            while True:
                time.sleep(0.001)
        except Exception:
            pytest.fail("the limit is no error that may be handled")

    monkeypatch.setattr("gradscope.diagnosis.diagnose", slow)
    start = time.perf_counter()
    result = computed(tmp_path, timeout=0.1, depth=2)
    assert result.error == "took longer than 0.1 s"
    assert 0.1 <= time.perf_counter() - start < 2.0
    assert result.key == key_of(base_of(tmp_path), {"depth": 2})


def test_a_point_within_its_time_is_what_it_is_without(tmp_path: Path) -> None:
    assert computed(tmp_path, timeout=60.0, depth=2).columns == computed(tmp_path, depth=2).columns


def test_a_limit_leaves_nothing_behind() -> None:
    for _ in range(300):
        try:
            with time_limit(0.001):
                end = time.perf_counter() + 0.001
                while time.perf_counter() < end:
                    pass
        except TooLongError:
            pass
    for _ in range(20_000):
        assert abs(-1) == 1
    with time_limit(None):
        pass


def test_tasks_keep_their_order_and_need_the_same_numerics(tmp_path: Path) -> None:
    base = base_of(tmp_path)
    task = Task(base, ("depth",), [Point(5, (2,)), Point(3, (0,)), Point(4, (1,))])
    assert [result.number for result in compute(task)] == [5, 3, 4]
    other = msgspec.structs.replace(base, numerics=base.numerics + 1)
    with pytest.raises(UserError, match="install the same gradscope everywhere"):
        compute(task._replace(base=other))


def test_a_failure_has_the_key_of_its_config(tmp_path: Path) -> None:
    base = base_of(tmp_path)
    result = failure(base, ("depth",), Point(1, (2,)), "its worker died")
    assert (result.key, result.error) == (key_of(base, {"depth": 2}), "its worker died")
