import math
from pathlib import Path
from typing import Any

import pytest

from gradscope.errors import Place
from gradscope.sweeping.axes import make_axis
from gradscope.sweeping.buckets import Buckets
from gradscope.sweeping.columns import COLUMNS
from gradscope.sweeping.grid import Design, Draws
from gradscope.sweeping.ranges import Interval
from gradscope.sweeping.store import Store
from gradscope.sweeping.summary import MOST_VALUES, Summary, command, summarise, worse
from gradscope.sweeping.worker import Result
from tests.sweeping.sweeps import design

DEFINITION: dict[str, Any] = {
    "source": None,
    "name": "net.yaml",
    "overrides": {},
    "seed": None,
    "trials": None,
    "select": [],
    "ignore": [],
}


def result(
    number: int, values: tuple[Any, ...], verdict: str | None, ratio: float = 0.0, gain: float = 1.0
) -> Result:
    known = {
        "verdict": verdict,
        "flow.log10_ratio": ratio,
        "flow.gain_per_layer": gain,
        "rules": "",
        "seed": 0,
    }
    row = tuple(None if verdict is None else known.get(name) for name in COLUMNS[:-1])
    return Result(number, values, f"key{number}", (*row, None if verdict else "broken"), None, 0.1, "0")


def summary(tmp_path: Path, made: Design, outcomes: dict[int, tuple[Any, ...]], **definition: Any) -> Summary:
    told = DEFINITION | definition | {"design": made.to_plain()}
    with Store(str(tmp_path / "a.sqlite"), writable=True) as store:
        store.begin("digest", told, made.names)
        store.add(result(number, made.values(number), *outcome) for number, outcome in outcomes.items())
        return summarise(store, store.sweeps()[0])


def test_each_axis_has_its_shares_and_medians(tmp_path: Path) -> None:
    made = design({"depth": [10, 20], "act": ["relu", "tanh", "elu"], "bias": [True]})
    found = summary(
        tmp_path,
        made,
        {
            0: ("healthy", 0.1, 1.0),
            1: ("vanishing", -4.0, 0.5),
            2: ("healthy", 0.2, 1.1),
            3: ("exploding", 5.0, 3.0),
            4: (None,),
        },
    )
    assert (found.points, found.most) == (5, 6)
    assert found.verdicts == {"healthy": 2, "vanishing": 1, "exploding": 1, "failed": 1}
    assert [*found.verdicts] == ["healthy", "vanishing", "exploding", "failed"]
    depth, act = found.axes  # an axis with a single value has nothing to show
    assert (depth.name, [row.value for row in depth.values]) == ("depth", ["10", "20"])
    assert [row.points for row in depth.values] == [3, 2]
    assert depth.values[0].verdicts == {"healthy": 2, "vanishing": 1}
    assert [row.median_gain for row in depth.values] == [1.0, 3.0]
    assert [(row.value, row.points, row.median_gain) for row in act.values] == [
        ("relu", 2, 2.0),
        ("tanh", 2, 0.5),
        ("elu", 1, 1.1),
    ]


def test_two_axes_have_a_map(tmp_path: Path) -> None:
    made = design({"depth": [10, 20], "act": ["relu", "tanh", "elu"], "bias": [True]})
    found = summary(tmp_path, made, {0: ("healthy",), 4: ("vanishing", -9.0), 5: (None,)}).map
    assert found is not None
    assert (found.row_axis, found.rows, found.column_axis, found.columns) == (
        "depth",
        ("10", "20"),
        "act",
        ("relu", "tanh", "elu"),
    )
    assert found.cells == (("healthy", None, None), (None, "vanishing", "failed"))


@pytest.mark.parametrize("axes", [{"a": [1, 2]}, {"a": [1, 2], "b": [1, 2], "c": [1, 2]}])
def test_one_and_three_axes_have_none(axes: dict[str, Any], tmp_path: Path) -> None:
    assert summary(tmp_path, design(axes), {0: ("healthy",)}).map is None


def test_the_best_and_the_worst(tmp_path: Path) -> None:
    outcomes: dict[int, tuple[Any, ...]] = {
        0: ("healthy", 0.5),
        1: ("warning", 0.0),
        2: ("healthy", -0.1),
        3: ("exploding", 4.0),
        4: ("non_finite", math.nan),
        5: ("vanishing", -math.inf),
        6: ("vanishing", -5.0),
        7: (None,),
        8: ("healthy", 1.5),
    }
    found = summary(tmp_path, design({"n": range(9)}), outcomes)
    assert [point.axes["n"] for point in found.best] == [2, 0, 8]
    assert [point.axes["n"] for point in found.worst] == [4, 3, 5]
    assert found.best[0].command == "gradscope run CONFIG --set n=2"
    few = summary(tmp_path / "..", design({"n": range(2)}), {0: ("healthy",), 1: ("warning",)})
    assert [len(few.best), len(few.worst)] == [2, 0]


def test_failures_are_told_by_their_reason(tmp_path: Path) -> None:
    found = summary(tmp_path, design({"n": range(9)}), dict.fromkeys((4, 6, 8), (None,)))
    (failure,) = found.failures
    assert (failure.error, failure.points, failure.command) == ("broken", 3, "gradscope run CONFIG --set n=4")
    assert (found.kinds_of_failures, found.best, found.worst) == (1, (), ())


def test_a_command_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = DEFINITION | {
        "source": str(tmp_path / "my nets" / "net.yaml"),
        "overrides": {"width": 8},
        "seed": 3,
        "trials": 1,
        "select": ["GS1", "GS2"],
    }
    values = {"act": "relu", "init": {"normal": {"std": 0.1}}, "width": 16, "flag": True}
    assert command(told, values) == (
        "gradscope run 'my nets/net.yaml' --set width=16 --set act=relu "
        '--set \'init={"normal": {"std": 0.1}}\' --set flag=true --seed 3 --trials 1 --select GS1,GS2'
    )
    assert command(told | {"source": "/elsewhere/net.yaml"}, {}).startswith(
        "gradscope run /elsewhere/net.yaml "
    )


def test_worse() -> None:
    assert worse(None, "healthy") == "healthy"
    assert worse("warning", "healthy") == "warning"
    assert worse("failed", "non_finite") == "failed"
    assert worse(None, None) is None


# the rows of long axes


def buckets(values: Any, most: int = 4) -> Buckets:
    return Buckets([make_axis("x", values, Place("x"))], most)


def test_few_values_have_a_row_each() -> None:
    found = buckets([1, True, 1.0, [1, 2]])
    assert found.is_exact
    assert found.labels == ["1", "true", "1.0", "[1, 2]"]
    assert [found(value) for value in (1, True, 1.0, [1, 2])] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "values", ["lin:0:9:10", "int:0:9", [*range(10)], "int:log:1:1000:10", "log:1:1000:10"]
)
def test_many_values_share_rows_in_their_order(values: Any) -> None:
    found = buckets(values)
    made = make_axis("x", values, Place("x")).values
    assert not isinstance(made, Interval)
    listed = [*made]
    assert not found.is_exact
    assert [found(value) for value in listed] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert found.labels[0] == f"{listed[0]} … {listed[2]}"
    assert found.labels[3] == f"{listed[9]}"
    assert len(found.labels) == 4


def test_an_interval_is_cut_into_equal_parts() -> None:
    found = buckets("log:0.01:100")
    assert found.labels == ["0.01 … 0.1", "0.1 … 1", "1 … 10", "10 … 100"]
    assert [found(value) for value in (0.01, 0.05, 0.5, 5.0, 99.0, 100.0)] == [0, 0, 1, 2, 3, 3]


def test_zipped_axes_share_their_rows() -> None:
    axes = [make_axis("width", [8, 16], Place("x")), make_axis("size", [1, 2], Place("x"))]
    found = Buckets(axes, 4)
    assert (found.name, found.labels) == ("width, size", ["8, 1", "16, 2"])


def test_long_axes_and_random_points_have_summaries_too(tmp_path: Path) -> None:
    made = design({"x": "lin:0:1", "n": "int:1:1000"}, draws=Draws(50))
    outcomes = {
        number: ("healthy" if made.values(number)[0] < 0.5 else "vanishing", 0.0) for number in range(50)
    }
    found = summary(tmp_path, made, outcomes)
    assert [len(axis.values) for axis in found.axes] == [MOST_VALUES, MOST_VALUES]
    assert sum(row.points for row in found.axes[1].values) == 50
    assert all(
        row.verdicts.keys() <= ({"healthy"} if number < 10 else {"vanishing"})
        for number, row in enumerate(found.axes[0].values)
    )
    assert found.map is not None
    assert sum(cell is not None for row in found.map.cells for cell in row) <= 50
