"""The summary of a sweep in every format, made by hand."""

import json
from collections.abc import Callable

import msgspec
import pytest

from gradscope.render import sweep_json, sweep_markdown, sweep_table
from gradscope.render.options import RenderOptions
from gradscope.render.sweep_map import cut, map_lines
from gradscope.render.verdicts import MARKS
from gradscope.sweeping.summary import (
    WORST_FIRST,
    AxisSummary,
    FailureSummary,
    MapSummary,
    PointSummary,
    Summary,
    ValueSummary,
)

Golden = Callable[[str, str], None]

DEPTH = AxisSummary(
    name="depth",
    values=(
        ValueSummary(value="10", points=4, verdicts={"healthy": 3, "warning": 1}, median_gain=1.02),
        ValueSummary(value="20", points=4, verdicts={"healthy": 1, "vanishing": 3}, median_gain=0.31),
        ValueSummary(value="50", points=3, verdicts={"vanishing": 2, "failed": 1}, median_gain=2.5e-7),
        ValueSummary(value="100", points=0, verdicts={}, median_gain=None),
    ),
)
HOSTILE = "\x1b[31mrélu | `x` " + "y" * 40
ACT = AxisSummary(
    name="act",
    values=(
        ValueSummary(value=HOSTILE, points=1000, verdicts={"healthy": 999, "non_finite": 1}, median_gain=1.0),
        ValueSummary(value="0.1 … 0.5", points=3, verdicts={"exploding": 3}, median_gain=3.0),
    ),
)
MAP = MapSummary(
    row_axis="depth",
    column_axis="act",
    rows=("10", "20", "50"),
    columns=("relu", "tanh", "sigmoid", "elu"),
    cells=(
        ("healthy", "healthy", "warning", "dead"),
        ("healthy", "saturated", "vanishing", None),
        ("exploding", "non_finite", "vanishing", "failed"),
    ),
)


def point(verdict: str, ratio: float | None, gain: float | None, depth: int) -> PointSummary:
    return PointSummary(
        verdict=verdict,
        log10_ratio=ratio,
        gain_per_layer=gain,
        axes={"depth": depth},
        command=f"gradscope run 'my nets/net.yaml' --set depth={depth} --set 'init={{\"normal\": null}}'",
    )


SUMMARY = Summary(
    name="my nets/net.yaml",
    points=11,
    most=12,
    verdicts={"healthy": 4, "warning": 1, "vanishing": 5, "failed": 1},
    axes=(DEPTH, ACT),
    map=MAP,
    best=(point("healthy", 0.01, 1.02, 10), point("warning", -2.5, 0.8, 10)),
    worst=(point("non_finite", float("nan"), None, 50), point("vanishing", float("-inf"), 0.0, 50)),
    failures=(
        FailureSummary(
            error="my nets/net.yaml:13:9: there is no layer 'reluu'; did you mean 'relu'?",
            points=1,
            command="gradscope run 'my nets/net.yaml' --set act=reluu",
        ),
    ),
    kinds_of_failures=3,
    other_sweeps=2,
)
PLAIN = msgspec.structs.replace(
    SUMMARY, axes=(), map=None, best=(), worst=(), failures=(), points=12, other_sweeps=0
)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("table-80.txt", RenderOptions()),
        ("table-120.txt", RenderOptions(width=120)),
        ("table-40.txt", RenderOptions(width=40)),
        ("table-ascii.txt", RenderOptions(unicode=False)),
        ("table-color.ansi", RenderOptions(ansi=True)),
        ("table-bold.ansi", RenderOptions(ansi=True, color=False)),
        ("quiet.txt", RenderOptions(quiet=True)),
    ],
)
def test_the_table(name: str, options: RenderOptions, golden: Golden) -> None:
    text = sweep_table.render(SUMMARY, options)
    golden(f"sweep/{name}", text)
    if not options.unicode:
        assert text.isascii()
    if not options.ansi:
        assert "\x1b" not in text
        # Commands are on one line however long: they are there to be copied.
        told = [line for line in text.splitlines() if not line.startswith("    $ ")]
        assert max(map(len, told)) <= options.width


def test_a_sweep_with_nothing_to_compare(golden: Golden) -> None:
    golden("sweep/plain.txt", sweep_table.render(PLAIN, RenderOptions()))
    golden("sweep/plain.md", sweep_markdown.render(PLAIN, RenderOptions()))


def test_markdown(golden: Golden) -> None:
    golden("sweep/summary.md", sweep_markdown.render(SUMMARY, RenderOptions()))
    quiet = sweep_markdown.render(SUMMARY, RenderOptions(quiet=True))
    assert quiet.count("\n") == 3


def test_json_is_valid_and_whole() -> None:
    lines = [{"depth": 10, "flow.r2": float("inf"), "rules": ["GS101"]}, {"depth": 20, "error": "no"}]
    found = json.loads(sweep_json.render(SUMMARY, lines), parse_constant=pytest.fail)
    assert [*found] == ["schema_version", "summary", "points"]
    assert found["points"] == [
        {"depth": 10, "flow.r2": "inf", "rules": ["GS101"]},
        {"depth": 20, "error": "no"},
    ]
    assert found["summary"]["worst"][0]["log10_ratio"] == "nan"
    assert found["summary"]["map"]["cells"][1] == ["healthy", "saturated", "vanishing", None]
    assert json.loads(sweep_json.render(PLAIN, []))["points"] == []


def test_every_verdict_has_a_letter_of_its_own() -> None:
    assert MARKS.keys() == set(WORST_FIRST)
    assert len({mark.letter for mark in MARKS.values()}) == len(MARKS)
    assert all(mark.letter.isascii() for mark in MARKS.values())
    assert sweep_table.STYLES.keys() == MARKS.keys()


def grid(rows: int, columns: int) -> MapSummary:
    return MapSummary(
        row_axis="a",
        column_axis="b",
        rows=tuple(map(str, range(rows))),
        columns=tuple(map(str, range(columns))),
        cells=tuple(
            tuple("vanishing" if column < row else "healthy" for column in range(columns))
            for row in range(rows)
        ),
    )


@pytest.mark.parametrize("columns", [1, 7, 26, 38, 77, 78, 120])
def test_a_map_fits_however_many_columns_it_has(columns: int) -> None:
    lines = ["".join(text for text, _ in line) for line in map_lines(grid(5, columns), RenderOptions(), 80)]
    assert max(map(len, lines)) <= 80
    cells = lines[2].split(maxsplit=1)[1].replace(" ", "")
    if columns <= 77:
        assert cells == "." * columns
        assert "stands for" not in "".join(lines)
    else:
        assert set(cells) == {"."}
        assert "each column stands for 2 values, and shows the worst of them" in lines[-1]


def test_of_several_values_in_a_column_the_worst_is_shown() -> None:
    lines = ["".join(text for text, _ in line) for line in map_lines(grid(3, 80), RenderOptions(), 60)]
    assert lines[4].split(maxsplit=1)[1].replace(" ", "") == "v" + "." * 39


def test_cut() -> None:
    assert [cut("abcdef", cells) for cells in (6, 5, 2)] == ["abcdef", "abc..", ".."]
