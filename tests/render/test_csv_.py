import csv
import io
from typing import Any

import msgspec
import pytest

from gradscope.render.csv_ import render
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.report import Report
from tests.render import reports
from tests.render.test_table import REPORTS, Golden


def rows_of(*found: Report) -> list[dict[str, str]]:
    text = render(Outcome(found, several=len(found) > 1), RenderOptions())
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def flat(value: Any, path: str = "") -> dict[str, str]:
    """What a cell must hold, from the dictionary of the JSON."""
    if isinstance(value, dict):
        return {
            name: cell for key, item in value.items() for name, cell in flat(item, f"{path}.{key}").items()
        }
    if isinstance(value, list):
        return {path[1:]: "x".join(str(item) for item in value)}
    words = {None: "", True: "true", False: "false"}
    return {path[1:]: words[value] if value is None or isinstance(value, bool) else str(value)}


@pytest.mark.parametrize("name", REPORTS)
def test_every_number_of_every_layer_comes_back(name: str) -> None:
    report = REPORTS[name]
    rows = rows_of(report)
    assert len(rows) == len(report.layers)
    for row, layer in zip(rows, report.to_dict()["layers"], strict=True):
        assert row.pop("config") == report.name
        assert row.pop("source") == report.source
        expected = {name: cell for name, cell in flat(layer).items() if cell}
        assert {name: cell for name, cell in row.items() if cell} == expected


def test_the_columns_do_not_depend_on_the_report() -> None:
    assert rows_of(reports.single())[0].keys() == rows_of(reports.residual())[0].keys()


def test_words_for_what_is_not_finite() -> None:
    row = rows_of(reports.extreme())[1]
    assert row["output_grad.log10_l2"] == "-inf"
    assert row["update_ratio"] == ""
    assert rows_of(reports.non_finite())[0]["output_grad.l2"] == "nan"


def test_several_reports_share_one_head() -> None:
    rows = rows_of(reports.single(), reports.extreme())
    assert [row["config"] for row in rows] == ["single"] + ["extreme"] * 4


def test_parts_of_a_weight_have_columns_of_their_own() -> None:
    report = reports.single()
    parts = {"query": reports.norm(-2.0), "key": reports.norm(-3.0)}
    layers = (msgspec.structs.replace(report.layers[0], parts=parts),)
    row = rows_of(msgspec.structs.replace(report, layers=layers))[0]
    assert row["parts.query.log10_l2"] == "-2.0"
    assert row["parts.key.l2"] == "0.001"


def test_no_report_is_a_head_alone() -> None:
    assert rows_of() == []
    assert render(Outcome((), several=True), RenderOptions()).startswith("config,source,name,kind,index,")


def test_the_bytes(golden: Golden) -> None:
    golden("render/residual.csv", render(Outcome((reports.residual(),)), RenderOptions()))
