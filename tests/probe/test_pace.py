"""How far trials have come: whole ones as they end, parts of those that take long."""

import pytest

from gradscope.diagnosis import measured
from gradscope.probe import pace
from tests.build.planning import plan_of_config


@pytest.mark.parametrize("jobs", [1, 2])
def test_trials_that_take_long_tell_parts_of_themselves(monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    monkeypatch.setattr(pace, "SECONDS", 0.0)
    layers = [{"residual": {"layers": [{"dense": 6}, "relu"]}}, {"dense": 3}]
    made = plan_of_config({"input": 6, "trials": 3, "batch": {"size": 4, "count": 2}, "layers": layers})
    told: list[float] = []
    measured(made, jobs=jobs, progress=told.append)
    assert {1, 2, 3} <= set(told)
    assert max(told) == told[-1] == 3
    if jobs == 1:
        assert told == sorted(told)
        steps = 2 * 2 * 4
        assert len(told) == 3 * (steps + 1), "each step, forward and back, in each batch; and each trial"
        assert told[0] == pytest.approx(1 / steps)


def test_short_trials_are_counted_whole() -> None:
    made = plan_of_config({"input": 6, "trials": 3, "layers": [{"dense": 3}]})
    told: list[float] = []
    measured(made, jobs=1, progress=told.append)
    assert told == [1, 2, 3]
