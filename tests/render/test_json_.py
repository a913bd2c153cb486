import json
import math
from typing import Any

import pytest

from gradscope.errors import Place, Problem
from gradscope.render.json_ import render
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Failure, Outcome
from gradscope.report import Report
from tests.render import reports
from tests.render.test_table import REPORTS, Golden


def parsed(outcome: Outcome, **options: bool) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(render(outcome, RenderOptions(**options)), parse_constant=refuse)


@pytest.mark.parametrize("name", REPORTS)
def test_it_is_exactly_the_dictionary(name: str) -> None:
    report = REPORTS[name]
    assert parsed(Outcome((report,))) == report.to_dict()


def test_what_is_not_finite_is_a_word() -> None:
    layers = parsed(Outcome((reports.non_finite(),)))["layers"]
    assert layers[0]["output_grad"]["log10_l2"] == "nan"
    assert layers[3]["output_grad"]["l2"] == "inf"
    assert parsed(Outcome((reports.extreme(),)))["layers"][1]["output_grad"]["log10_l2"] == "-inf"


def test_numbers_come_back_as_they_were() -> None:
    layer = parsed(Outcome((reports.extreme(),)))["layers"][0]
    assert layer["output_grad"]["log10_l2"] == -411.5
    assert layer["output_grad"]["log10_rms"] == -411.5 - 0.5 * math.log10(4096)


def test_several_configs_make_a_list_whatever_came_of_them() -> None:
    single, extreme = reports.single(), reports.extreme()
    both = parsed(Outcome((single, extreme), several=True))
    plain = {"schema_version": 1, "problems": []}
    assert both == plain | {"reports": [single.to_dict(), extreme.to_dict()]}
    assert parsed(Outcome((single,), several=True)) == plain | {"reports": [single.to_dict()]}
    assert parsed(Outcome((), several=True)) == plain | {"reports": []}


@pytest.mark.parametrize("several", [False, True])
def test_what_is_wrong_with_a_config_is_told(several: bool) -> None:
    mistake = Problem(Place("a.yaml", 3, 7), "there is no layer 'rleu'", "did you mean 'relu'?")
    outside = Problem(Place("--set depth"), "expected a whole number", None)
    assert parsed(Outcome((Failure("a.yaml", (mistake, outside)),), several=several)) == {
        "schema_version": 1,
        "reports": [],
        "problems": [
            {
                "config": "a.yaml",
                "place": "a.yaml",
                "line": 3,
                "column": 7,
                "message": "there is no layer 'rleu'",
                "hint": "did you mean 'relu'?",
                "internal": False,
            },
            {
                "config": "a.yaml",
                "place": "--set depth",
                "line": None,
                "column": None,
                "message": "expected a whole number",
                "hint": None,
                "internal": False,
            },
        ],
    }


def test_options_of_the_terminal_change_nothing(golden: Golden) -> None:
    report: Report = reports.single()
    text = render(Outcome((report,)), RenderOptions())
    other = RenderOptions(width=160, ansi=True, unicode=False, quiet=True, full=True, verbose=True)
    assert render(Outcome((report,)), other) == text
    golden("render/single.json", text)
