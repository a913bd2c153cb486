import re
from collections.abc import Callable

import pytest

from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.render.table import render
from gradscope.report import Report
from tests.render import reports

Golden = Callable[[str, str], None]

REPORTS = {
    "vanishing": reports.vanishing(),
    "dead_relu": reports.dead_relu(),
    "explained": reports.explained(),
    "non_finite": reports.non_finite(),
    "residual": reports.residual(),
    "single": reports.single(),
    "extreme": reports.extreme(),
    "hostile": reports.hostile(),
    "long": reports.long(),
}
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def page(report: Report, **options: int | bool) -> str:
    return render(Outcome((report,)), RenderOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("name", REPORTS)
def test_pages(name: str, width: int, golden: Golden) -> None:
    golden(f"render/{name}-{width}.txt", page(REPORTS[name], width=width))


@pytest.mark.parametrize("name", ["dead_relu", "extreme", "hostile"])
def test_pages_in_ascii(name: str, golden: Golden) -> None:
    golden(f"render/{name}-ascii.txt", page(REPORTS[name], unicode=False, verbose=True))


@pytest.mark.parametrize(
    ("name", "detail"), [("residual", "all_layers"), ("dead_relu", "full"), ("vanishing", "verbose")]
)
def test_details(name: str, detail: str, golden: Golden) -> None:
    golden(f"render/{name}-{detail}.txt", page(REPORTS[name], **{detail: True}))


def test_several_reports_follow_each_other(golden: Golden) -> None:
    outcome = Outcome((REPORTS["single"], REPORTS["extreme"]), several=True)
    golden("render/several.txt", render(outcome, RenderOptions()))


def test_quiet_is_one_line_a_report(golden: Golden) -> None:
    golden("render/quiet.txt", render(Outcome(tuple(REPORTS.values())), RenderOptions(quiet=True)))


def test_no_report_is_no_text() -> None:
    assert render(Outcome(()), RenderOptions()) == ""


@pytest.mark.parametrize("color", [True, False])
def test_styles_are_the_only_difference_of_a_terminal(color: bool, golden: Golden) -> None:
    painted = page(REPORTS["dead_relu"], ansi=True, color=color)
    assert ESCAPE.sub("", painted).replace(" \n", "\n").split() == page(REPORTS["dead_relu"]).split()
    golden(f"render/dead_relu-{'color' if color else 'bold'}.ansi", painted)


def test_without_colour_bold_stays() -> None:
    codes = set(ESCAPE.findall(page(REPORTS["dead_relu"], ansi=True, color=False)))
    assert codes == {"\x1b[1m", "\x1b[2m", "\x1b[0m"}


def test_plain_text_has_no_escape_sequences() -> None:
    assert all("\x1b" not in page(report) for report in REPORTS.values())


def test_names_are_not_markup_and_steer_nothing() -> None:
    painted = page(REPORTS["hostile"], ansi=True)
    assert "[red]a[/]" in painted
    assert "\x1b[31m|c" not in painted
    assert r"b\x1b[31m|c\nd\u202e" in painted
    assert "\x07" not in painted


@pytest.mark.parametrize("name", REPORTS)
def test_the_verdict_is_the_last_line(name: str) -> None:
    report = REPORTS[name]
    assert re.fullmatch(rf"verdict  [✓▲✗] {report.verdict}( \(.*\))?", page(report).splitlines()[-1])


def test_the_far_gradient_is_red_and_the_near_one_green() -> None:
    painted = page(REPORTS["vanishing"], ansi=True).splitlines()
    first = next(line for line in painted if "dense1 " in line)
    last = next(line for line in painted if "dense21 " in line)
    assert "\x1b[31m2.5e-15" in first
    assert "\x1b[32m2.5e-01" in last


def test_what_is_no_number_is_never_green() -> None:
    painted = page(REPORTS["non_finite"], ansi=True)
    assert "\x1b[32m" not in painted.split("flow")[0]
    assert "nan" in painted


def test_an_exact_zero_has_no_bar() -> None:
    line = next(line for line in page(REPORTS["extreme"]).splitlines() if "dense2" in line)
    assert not set(line) & set("▏▎▍▌▋▊▉█")


def test_a_long_description_is_cut_unless_verbose() -> None:
    assert page(REPORTS["hostile"]).count("and so on") < 60
    assert page(REPORTS["hostile"], verbose=True).count("and so on") == 60
