"""Estimates of memory against what was allocated; of time, that it follows the work."""

import tracemalloc
from typing import Any

import pytest

from gradscope import ConfigError, load_config
from gradscope.build import plan, plan_of
from gradscope.diagnosis import measured
from gradscope.effort.asking import announced_seconds, read_estimate
from gradscope.effort.estimate import Estimate, Terms, estimate, most_seconds
from gradscope.effort.machine import Rates, measured_rates, stated_rates
from gradscope.effort.work import work_of
from gradscope.engine import pages

WIDE = {
    "input": 600,
    "batch": {"size": 8},
    "init": "he_normal",
    "layers": [{"repeat": 12, "layers": [{"dense": 600}, "relu"]}, {"dense": 3}],
}
MB = 10**6


def estimated(source: dict[str, Any], *, jobs: int = 1, memory: int | None = None, **rest: Any) -> Estimate:
    made = plan_of(load_config({"trials": 1, **source, **rest}))
    work = work_of(made.steps(), made.config.batch.size, made.config.batch.count)
    return estimate(made, Terms(made.config.trials, jobs, memory), stated_rates(work))


@pytest.fixture(autouse=True)
def _no_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held is cut from large pieces, of which only what is used takes memory; all of it is counted."""
    monkeypatch.setattr(pages, "_FROM", 1 << 60)


def allocated(source: dict[str, Any], *, memory: int | None, trials: int = 1, jobs: int = 1) -> int:
    """The most bytes at once, of the second run: the first one loads and remembers what it needs."""
    made = plan_of(load_config({**source, "trials": trials}))
    measured(made, jobs=jobs, memory=memory)
    tracemalloc.start()
    try:
        measured(made, jobs=jobs, memory=memory)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


CASES: dict[str, tuple[dict[str, Any], int | None]] = {
    "held": (WIDE, None),
    "partly held": (WIDE, 8 * MB),
    "drawn again": (WIDE, 0),
    "in double precision": ({**WIDE, "dtype": "float64"}, 6 * MB),
    "orthogonal, drawn again": ({**WIDE, "input": 300, "layers": [{"dense": 300}], "init": "orthogonal"}, 0),
    "a large batch": ({**WIDE, "batch": {"size": 400}}, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_memory_is_what_was_estimated(case: str) -> None:
    source, memory = CASES[case]
    peak = allocated(source, memory=memory)
    expected = estimated(source, memory=memory).peak_bytes
    assert peak < 1.1 * expected + MB
    assert peak > 0.4 * expected


def test_a_replayed_network_needs_the_memory_of_a_few_blocks() -> None:
    """17 MB of weights in no more than three."""
    assert allocated(WIDE, memory=0) < 3 * MB < 17 * MB < allocated(WIDE, memory=None)


def test_trials_side_by_side_share_one_budget() -> None:
    """Two that hold 17 MB each do not fit into 20 MB, so they go one after the other. How far two overlap is
    the scheduler's business, that they may is not."""
    assert allocated(WIDE, memory=20 * MB, trials=2, jobs=2) < 24 * MB
    made = plan_of(load_config({**WIDE, "trials": 2}))
    together = [made.allotment(trials=2, jobs=2, memory=memory).together for memory in (20 * MB, 40 * MB)]
    assert together == [1, 2]


def test_time_grows_with_the_work() -> None:
    one, four = estimated(WIDE), estimated(WIDE, trials=4)
    assert 3 * one.seconds < four.seconds < 4 * one.seconds, "what is judged is judged once"
    assert estimated(WIDE, trials=4, jobs=4).seconds < 0.5 * four.seconds
    assert estimated(WIDE, memory=0).seconds > 1.1 * one.seconds
    assert estimated(WIDE, batch={"size": 800}).seconds > 10 * one.seconds
    assert estimated(WIDE, dtype="float64").seconds == pytest.approx(2 * one.seconds)
    assert estimated(WIDE, init="orthogonal").seconds > one.seconds


def test_this_machine_is_no_stranger() -> None:
    """Rates that are stated and measured are of one order; an exact comparison would depend on the day."""
    made = plan_of(
        load_config({**WIDE, "layers": [{"dense": {"units": 9, "init": "orthogonal"}}, "tanh", {"dense": 4}]})
    )
    work = work_of(made.steps(), 8, 1)
    stated, found = stated_rates(work), measured_rates(work)
    pairs = [(getattr(stated, name), getattr(found, name)) for name in ("product", "entry", "call")]
    for name in ("activated", "drawn", "whole"):
        of_kinds = getattr(found, name)
        assert of_kinds.keys() == getattr(work, name).keys()
        pairs += [(getattr(stated, name)[kind], seconds) for kind, seconds in of_kinds.items()]
    assert all(0.0 < seconds < 1e3 * expected for expected, seconds in pairs)


LARGER_THAN_MEMORY = "input: 200000\nlayers: [dense: {units: 200000, init: orthogonal}]\ntrials: 1\n"


def test_a_network_that_fits_nowhere_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "available_bytes", lambda: 24 * 10**9)
    with pytest.raises(ConfigError, match=r"drawing the weights of 'dense1' takes 1\.6 TB"):
        load_config("large.yaml", text=LARGER_THAN_MEMORY)
    found = read_estimate("large.yaml", text=LARGER_THAN_MEMORY, asked={"trials": 2}, jobs=1)
    assert (found.parameters, found.trials, found.held_bytes) == (200_000 * 200_001, 2, 0)
    assert not found.fits
    assert found.seconds > 3600


def test_mistakes_are_told() -> None:
    with pytest.raises(ConfigError, match="GS999"):
        read_estimate("x.yaml", text="input: 4\nlayers: [relu]\nrules: {GS999: off}\n", asked={}, jobs=1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("trials", [1, 3, 8])
@pytest.mark.parametrize("jobs", [1, 2, 16])
@pytest.mark.parametrize("memory", [None, 0, 10 * MB])
def test_none_takes_longer_than_at_most(dtype: str, trials: int, jobs: int, memory: int | None) -> None:
    made = plan_of(load_config({**WIDE, "trials": trials, "dtype": dtype}))
    found = estimated(WIDE, jobs=jobs, memory=memory, trials=trials, dtype=dtype)
    assert found.seconds <= most_seconds(made, trials)


@pytest.mark.parametrize(("product", "announced"), [(1e-9, False), (1e-4, True)])
def test_only_what_takes_more_than_a_minute_is_announced(
    monkeypatch: pytest.MonkeyPatch, product: float, announced: bool
) -> None:
    """About seven million multiplications; of a fast machine nobody asks how fast it is exactly."""
    asked: list[Rates] = []

    def stated(work: Any) -> Rates:
        return stated_rates(work)._replace(product=product)

    def found(work: Any) -> Rates:
        asked.append(stated(work))
        return asked[-1]

    monkeypatch.setattr("gradscope.effort.estimate.stated_rates", stated)
    monkeypatch.setattr("gradscope.effort.estimate.measured_rates", found)
    seconds = announced_seconds(load_config({**WIDE, "trials": 1}), jobs=1)
    assert (seconds is not None and seconds > 60.0) is announced
    assert bool(asked) is announced
