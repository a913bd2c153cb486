import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from gradscope.engine.activations import ACTIVATIONS
from tests.cli.calls import call


def test_the_table_has_them_all_in_80_columns() -> None:
    result = call("activations")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[2 : 2 + len(ACTIVATIONS)]] == list(ACTIVATIONS)
    assert max(map(len, lines)) <= 80
    (tanh,) = (line.split() for line in lines if line.startswith("tanh "))
    assert tanh == ["tanh", "±1", "1.00", "yes", "0.394", "0.464", "1.47", "|z|>2.99"]


def test_named_ones_are_drawn() -> None:
    text = call("activations", "relu").stdout
    rows = text.splitlines()
    first = next(number for number, row in enumerate(rows) if "φ′" in row and "E φ" not in row)
    assert rows[first + 1].startswith("  6.00 ")
    assert rows[first + 12].split() == ["-6", "6", "-6", "6"]
    # φ of relu lies at the bottom on the left half, and reaches the top on the right.
    assert rows[first + 1].rstrip()
    assert rows[first + 11][7:20].strip()


@pytest.mark.parametrize("columns", [40, 80])
def test_what_is_said_of_named_ones_is_wrapped(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = call("activations", *ACTIVATIONS)
    assert max(map(len, result.stdout.splitlines())) <= columns


def test_options_are_given_as_in_a_config() -> None:
    text = call("activations", "leaky_relu=0.2", "scaled_sigmoid={scale: 2}", "swish").stdout
    assert "leaky_relu (slope 0.2)" in text
    assert "scaled_sigmoid (scale 2)" in text
    assert "silu" in text


def test_json_and_csv() -> None:
    found = json.loads(call("activations", "--format", "json").stdout)
    assert [each["name"] for each in found["activations"]] == list(ACTIVATIONS)
    relu = next(each for each in found["activations"] if each["name"] == "relu")
    assert relu["value_range"] == [0.0, "inf"]
    assert relu["zero_centred"] is False
    assert relu["moments"]["second"] == pytest.approx(0.5)
    assert "curve" not in relu
    named = json.loads(call("activations", "tanh", "--format", "json").stdout)["activations"][0]
    assert len(named["curve"]["z"]) == len(named["curve"]["slope"]) == 121
    rows = list(csv.DictReader(io.StringIO(call("activations", "--format", "csv").stdout)))
    assert [row["name"] for row in rows] == list(ACTIVATIONS)
    assert rows[-1]["moments.mean"] == ""


def test_pages_and_pictures(tmp_path: Path) -> None:
    page = call("activations", "--format", "html").stdout
    assert page.count("<svg") == len(ACTIVATIONS) - 1
    assert len(page.encode()) < 500_000
    pytest.importorskip("html5lib").HTMLParser(strict=True).parse(page)
    together = call("activations", "relu", "gelu", "--format", "html").stdout
    assert together.count("<svg") == 2
    picture = tmp_path / "curves.svg"
    assert call("activations", "relu", "gelu", "--format", "svg", "-o", picture).exit_code == 0
    root = ET.parse(picture).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("role") == "img"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rleu",), "did you mean 'relu'?"),
        (("elu=-1",), "expected a number above 0, got -1"),
        (("relu=3",), "takes no options"),
        (("elu={",), "activations: "),
        (("",), "activations: "),
        (("=3",), "activations: "),
        (("leaky_relu=1e307",), "leaky_relu (slope 1e+307) is beyond what floats hold"),
        (("leaky_relu=1e308",), "leaky_relu (slope 1e+308) is beyond what floats hold; take options that"),
        (("scaled_sigmoid={scale: 1e300, slope: 1e300}", "--format", "html"), "is beyond what floats hold"),
        (("--format", "svg"), "one picture has room for 1 to 6 curves; name them"),
        (("softmax", "--format", "svg"), "one picture has room for 1 to 6 curves; name them"),
    ],
)
def test_wrong_input(arguments: tuple[str, ...], message: str) -> None:
    result = call("activations", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("form", ["table", "html", "svg", "json"])
@pytest.mark.parametrize("name", ["scaled_sigmoid={shift: 1e150}", "leaky_relu=1e150", "celu=1e-308"])
def test_extreme_options_are_drawn_while_floats_hold_them(name: str, form: str) -> None:
    result = call("activations", name, "--format", form)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "nan" not in result.stdout.lower()


def test_every_wrong_name_is_said() -> None:
    assert len(call("activations", "rleu", "tahn", "relu").stderr.splitlines()) == 2
