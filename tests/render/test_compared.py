import io
import json
import subprocess
import sys
from collections.abc import Callable

import msgspec
import pytest

from gradscope.comparing.comparison import Side, compare
from gradscope.render.compared import COMPARED_RENDERERS, Compared, render
from gradscope.render.compared.words import decades
from gradscope.render.options import RenderOptions
from gradscope.report import Report
from tests.render import reports

ERRORS = ("error",)


def compared(a: Report, b: Report) -> Compared:
    return Compared(compare(Side(a.source, a), Side(f"{b.source} --set x=1", b)), ERRORS)


CASES = {
    "worse": lambda: compared(reports.dead_relu(), reports.vanishing()),
    "same": lambda: compared(reports.explained(), reports.explained()),
    "non_finite": lambda: compared(reports.vanishing(), reports.non_finite()),
    "hostile": lambda: compared(reports.hostile(), reports.long()),
    "extreme": lambda: compared(reports.extreme(), reports.residual()),
}
TEXTS = [form for form in COMPARED_RENDERERS if form in ("table", "json", "csv", "markdown")]


@pytest.mark.parametrize("form", ["table", "markdown"])
@pytest.mark.parametrize("case", ["worse", "non_finite"])
def test_as_it_was_read(form: str, case: str, golden: Callable[[str, str], None]) -> None:
    golden(f"render/compared_{case}.{form}", render(form, CASES[case](), RenderOptions()))


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("case", CASES)
def test_the_table_is_no_wider_than_the_terminal(case: str, width: int) -> None:
    from rich.cells import cell_len

    text = render("table", CASES[case](), RenderOptions(width=width))
    assert max(map(cell_len, text.splitlines())) <= width
    assert "\x1b" not in text


@pytest.mark.parametrize("case", CASES)
def test_json_is_json(case: str) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    found = json.loads(render("json", CASES[case](), RenderOptions()), parse_constant=refuse)
    names = [layer["name"] for layer in found["layers"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("form", [form for form in TEXTS if form != "table"])
def test_only_the_table_loads_rich(form: str) -> None:
    code = (
        "import sys\n"
        "from tests.render.test_compared import CASES\n"
        "from gradscope.render.compared import render\n"
        "from gradscope.render.options import RenderOptions\n"
        f"render({form!r}, CASES['worse'](), RenderOptions())\n"
        "print('rich' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_a_change_within_the_noise_is_dim() -> None:
    from gradscope.render.compared.rows import pair_rows
    from gradscope.render.compared.table import change_style

    def styles(shift: float) -> set[str]:
        a = reports.vanishing()
        layers = tuple(
            msgspec.structs.replace(each, output_grad=reports.norm(each.output_grad.log10_l2 + shift))
            for each in a.layers
        )
        found = compared(a, msgspec.structs.replace(a, layers=layers)).comparison
        return {change_style(row) for row in pair_rows(found)}

    # Two standard errors of the difference are 0.08 decades.
    assert (styles(0.07), styles(0.09), styles(1.5), styles(-3.5)) == ({"dim"}, {""}, {"yellow"}, {"red"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (0.0, "0"),
        (-0.001, "0"),
        (2.5, "+2.50"),
        (-12.345, "-12.35"),
        (None, "–"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (float("inf"), "+inf"),
    ],
)
def test_decades(change: float | None, words: str) -> None:
    assert decades(change) == words


def test_csv_is_as_wide_everywhere() -> None:
    import csv

    rows = list(csv.reader(io.StringIO(render("csv", CASES["hostile"](), RenderOptions()))))
    assert len({len(row) for row in rows}) == 1
