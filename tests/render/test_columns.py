import math
from typing import Any

import msgspec
import pytest

from gradscope.probe.summary import LayerSummary
from gradscope.render.columns import COLUMNS, Column, distance_style, filled
from gradscope.render.rows import Row
from gradscope.report import Report
from tests.render import reports

BY_HEAD = {column.head: column for column in COLUMNS}


def row(layer: LayerSummary, *behind: LayerSummary) -> Row:
    return Row(layer=layer, label=layer.name, depth=0, behind=behind, severity=None, sigmas=3.0)


def relu_row(**shares: float) -> Row:
    return row(reports.dense("dense1", 1, -1.0), reports.relu("relu1", 1, -1.0, 0.0, **shares))


def test_ranks_and_heads_are_unique() -> None:
    assert (
        len({column.rank for column in COLUMNS}) == len({column.head for column in COLUMNS}) == len(COLUMNS)
    )


def test_heads_fit_the_labels_of_the_legend() -> None:
    assert all(len(column.head) <= 9 for column in COLUMNS)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.head)
@pytest.mark.parametrize("number", [math.nan, math.inf, 0.0, None])
def test_every_column_copes_with_every_number(column: Column, number: Any) -> None:
    full = reports.dense("dense1", 1, -1.0)
    odd = {
        field.name: number
        for field in msgspec.structs.fields(LayerSummary)
        if field.name.endswith(("_fraction", "_ratio", "_rms"))
    }
    layer = msgspec.structs.replace(
        full, **odd, output_grad=reports.norm(math.nan if number is None else number)
    )
    found = row(layer, layer)
    assert column.text(found)
    assert isinstance(column.style(found, -1.0), str)


def test_the_worst_share_of_a_row_is_shown() -> None:
    layers = [reports.relu("relu1", 1, -1.0, share) for share in (0.25, 0.75)]
    assert BY_HEAD["dead"].text(row(reports.dense("dense1", 1, -1.0), *layers)) == "75%"
    layers.append(reports.relu("relu1c", 1, -1.0, math.nan))
    assert BY_HEAD["dead"].text(row(reports.dense("dense1", 1, -1.0), *layers)) == "nan"


@pytest.mark.parametrize(
    ("head", "field"),
    [("dead", "dead_fraction"), ("saturated", "saturated_fraction"), ("inactive", "inactive_fraction")],
)
def test_shares_grow_alarming_but_inactive_entries_never(head: str, field: str) -> None:
    alarms = [
        BY_HEAD[head].style(relu_row(**{field: share}), -1.0) for share in (0.0, 0.4, 0.6, 0.95, math.nan)
    ]
    expected = ["dim", "", "", "", "red"] if head == "inactive" else ["dim", "", "yellow", "red", "red"]
    assert alarms == expected


@pytest.mark.parametrize(
    ("log10", "style"),
    [
        (-1.0, "green"),
        (-2.0, "green"),
        (-3.0, "yellow"),
        (-4.0, "red"),
        (2.1, "red"),
        (math.nan, "red"),
        (-math.inf, "red"),
    ],
)
def test_gradients_are_coloured_by_their_distance(log10: float, style: str) -> None:
    assert distance_style(log10, -1.0) == style


def test_no_distance_from_what_is_no_number_is_small() -> None:
    assert distance_style(-1.0, math.nan) == "red"
    assert distance_style(math.inf, math.inf) == "red"
    assert distance_style(-math.inf, -math.inf) == "red"


def test_a_column_needs_one_row_with_something_in_it() -> None:
    report: Report = reports.single()
    heads = {column.head for column in filled(COLUMNS, [row(layer) for layer in report.layers])}
    assert "|∂L/∂W|" in heads
    assert heads.isdisjoint({"dead", "saturated", "then", "fp16"})
