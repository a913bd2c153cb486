import itertools
import unicodedata

import pytest

from gradscope.render.columns import COLUMNS
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.render.table import render
from gradscope.report import Report
from tests.render import reports

REPORTS = {
    make.__name__: make()
    for make in (
        reports.vanishing,
        reports.dead_relu,
        reports.explained,
        reports.non_finite,
        reports.residual,
        reports.single,
        reports.extreme,
        reports.hostile,
        reports.long,
    )
}


def cells(line: str) -> int:
    """Columns of a terminal, by Unicode's own table."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def heads(report: Report, width: int, **options: bool) -> list[str]:
    text = render(Outcome((report,)), RenderOptions(width=width, **options))
    line = next(line for line in text.splitlines() if line.startswith("  layer"))
    return [column.head for column in COLUMNS if f" {column.head} " in f"{line} "]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [40, 57, 80, 100, 160, 250])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(name: str, width: int, unicode: bool) -> None:
    for detail in ({}, {"verbose": True, "full": True, "all_layers": True}):
        options = RenderOptions(width=width, unicode=unicode, **detail)
        text = render(Outcome((REPORTS[name],)), options)
        assert max(cells(line) for line in text.splitlines()) <= width
        assert unicode or text.isascii()


def test_below_forty_columns_it_stays_at_forty() -> None:
    narrow = render(Outcome((REPORTS["vanishing"],)), RenderOptions(width=7))
    assert narrow == render(Outcome((REPORTS["vanishing"],)), RenderOptions(width=40))


def test_more_columns_appear_with_width_and_none_goes_away() -> None:
    shown = [set(heads(REPORTS["dead_relu"], width)) for width in range(60, 260, 20)]
    assert all(narrow <= wide for narrow, wide in itertools.pairwise(shown))
    assert shown[0] < shown[3] < shown[-1]


def test_what_a_reader_misses_first_is_there_at_80() -> None:
    assert {"|∂L/∂y|", "|∂L/∂W|", "y std", "dead"} <= set(heads(REPORTS["dead_relu"], 80))
    assert {"|∂L/∂y|", "|∂L/∂W|", "y std", "saturated"} <= set(heads(REPORTS["vanishing"], 80))


def test_columns_without_anything_in_them_are_left_out() -> None:
    wide = heads(REPORTS["vanishing"], 250)
    assert "dead" not in wide
    assert "saturated" in wide
    assert {"noise", "fp16", "±"}.isdisjoint(heads(REPORTS["single"], 250))


def test_a_long_name_goes_on_below_and_is_whole() -> None:
    text = render(Outcome((REPORTS["hostile"],)), RenderOptions(width=80))
    names = "".join(line[2:28].rstrip() for line in text.splitlines())
    assert "=1+1," + "x" * 60 in names
    assert text.count("層") == 40
