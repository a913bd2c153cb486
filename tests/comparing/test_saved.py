import json

import pytest
from msgspec import structs

from gradscope.comparing.saved import is_report, read_report
from gradscope.errors import UserError
from gradscope.render import render
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from tests.render import reports

MADE = [
    reports.vanishing,
    reports.dead_relu,
    reports.explained,
    reports.non_finite,
    reports.residual,
    lambda: structs.replace(reports.extreme(), verdict="healthy"),
    reports.hostile,
]


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("several", [False, True])
def test_what_was_written_is_read_again(make, several: bool) -> None:
    text = render("json", Outcome((make(),), several=several), RenderOptions())
    assert repr(read_report(text, "saved.json")) == repr(make())  # repr, for a NaN is equal to none


def test_keys_that_an_older_version_did_not_write_are_none() -> None:
    document = reports.dead_relu().to_dict()
    for layer in document["layers"]:
        for key in ("attention", "table_grad", "rarely_active_fraction", "cosine_gap", "shares"):
            del layer[key]
    del document["judged"]
    found = read_report(json.dumps(document), "old.json")
    assert {layer.shares for layer in found.layers} == {None}
    assert found.judged == ()


def test_keys_of_a_newer_version_are_passed_over() -> None:
    document = reports.single().to_dict() | {"gradscope_version": "9.9", "news": {"a": [1]}}
    document["layers"][0]["curvature"] = 3.0
    assert read_report(json.dumps(document), "new.json").gradscope_version == "9.9"


def test_a_layer_called_nan_keeps_its_name() -> None:
    document = reports.single().to_dict()
    document["layers"][0]["name"] = "nan"
    assert read_report(json.dumps(document), "x").layers[0].name == "nan"


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{", "saved.json: this is no JSON: Expecting property name"),
        ("[]", "saved.json: this is no report of a config;"),
        ("3", "saved.json: this is no report of a config;"),
        ('{"reports": []}', "saved.json: this holds 0 reports, and one can be compared;"),
        ('{"reports": [1]}', "saved.json: this is no report of a config;"),
        ('{"schema_version": 2}', "saved.json: the report has schema_version 2, and this gradscope reads 1;"),
        ('{"schema_version": 1, "layers": []}', "saved.json: this is no report of a config: Object missing"),
        ("[" * 100_000, "saved.json: this is no JSON: "),
        (
            "9" * 5000,
            "saved.json: this is no JSON: Exceeds the limit (4300 digits) for integer string conversi",
        ),
    ],
)
def test_what_is_no_report_is_said(text: str, fact: str) -> None:
    with pytest.raises(UserError) as caught:
        read_report(text, "saved.json")
    assert str(caught.value).startswith(fact)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("findings", 0, "severity"), "catastrophe"),
        (("verdict",), "splendid"),
        (("trials",), 0),
        (("trials",), 10**400),
        (("layers", 1, "saturated_fraction"), "nan"),
        (("layers", 1, "saturated_fraction"), 5),
        (("layers", 0, "output_grad", "zero_trials"), -(10**400)),
        (("layers", 0, "output_grad", "log10_l2_std"), 1e308),
        (("layers", 0, "output_grad"), None),
        (("layers", 0, "name"), 7),
        (("flow", "log10_ratio"), "much"),
        (("layers",), {}),
    ],
)
def test_a_report_with_a_wrong_value_is_refused(path, value) -> None:
    document = reports.vanishing().to_dict()
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(UserError, match=r"^x: this is no report of a config: "):
        read_report(json.dumps(document), "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"schema_version": 1}', True),
        ('\ufeff \n{"schema_version": 7}', True),
        ('{"schema_version": 1, "layers": [', True),
        ('{"verdict": "healthy", "layers": []}', True),
        ('{"reports": []}', True),
        ('{"findings": [', True),
        ('{"input": 4, "layers": []}', False),
        ('{"input": 4, "layers": [', False),
        ("input: 4\nlayers: []", False),
        ("schema_version: 1", False),
        ("", False),
    ],
)
def test_reports_are_told_from_configs(text: str, expected: bool) -> None:
    assert is_report(text) is expected


def test_a_report_without_its_version_says_so() -> None:
    with pytest.raises(UserError, match=r"^x: there is no schema_version in it, which every report"):
        read_report('{"verdict": "healthy", "layers": []}', "x")


def test_an_endless_version_is_told_in_short() -> None:
    with pytest.raises(UserError) as caught:
        read_report('{"schema_version": ' + "9" * 400 + "}", "old.json")
    assert len(str(caught.value)) < 200
