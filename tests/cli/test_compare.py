import csv
import io
import json
import os
from pathlib import Path

import pytest

from tests.cli.calls import BROKEN, SMALL, call, small

DEEP = """\
name: deep
params: {act: relu, depth: 12}
input: 16
batch: {size: 32}
init: he_normal
layers:
  - repeat: ${depth}
    layers: [{dense: 32}, "${act}"]
  - dense: 4
"""
WORSE = ("--set", "init=torch_default")


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    return small(tmp_path, "deep", DEEP)


def saved(config: Path, *options: str) -> Path:
    file = config.with_name(f"report{len(options)}.json")
    assert call("run", config, "--format", "json", "-o", file, *options).exit_code == 0
    return file


def test_a_variant_that_is_worse_exits_with_1(deep: Path) -> None:
    result = call("compare", deep, *WORSE)
    assert (result.exit_code, result.stderr) == (1, "")
    assert f"{deep}--setinit=torch_default" in "".join(result.stdout.split())
    assert "healthy → vanishing; B is worse: B gains 1 error" in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_what_is_better_or_the_same_exits_with_0(deep: Path) -> None:
    better = call("compare", saved(deep, *WORSE), deep)
    assert better.exit_code == 0
    assert "B loses 1 error" in better.stdout
    same = call("compare", deep, deep)
    assert same.exit_code == 0
    assert "no finding was gained or lost" in same.stdout


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("never", 0)])
def test_fail_on_says_what_counts(fail_on: str, code: int, tmp_path: Path) -> None:
    # A slope of softmax in front of a loss that takes logits is a warning.
    config = small(
        tmp_path, text="params: {end: linear}\n" + SMALL.replace("{dense: 2}", "{dense: 2}, '${end}'")
    )
    result = call("compare", config, "--set", "end=softmax", "--fail-on", fail_on)
    assert result.exit_code == code, result.stdout


def test_reports_and_configs_mix(deep: Path) -> None:
    report = saved(deep)
    for sides in ((report, deep), (deep, report), (report, report), (deep, deep)):
        found = json.loads(call("compare", *sides, "--format", "json").stdout)
        assert found["worse"] is False
        assert found["flow"]["log10_ratio"] == 0.0
        assert {layer["change"]["output_grad"] for layer in found["layers"]} == {0.0}
    assert call("compare", report, "-", stdin=DEEP).exit_code == 0
    assert call("compare", "-", deep, stdin=report.read_bytes()).exit_code == 0


def test_json_says_all_there_is(deep: Path) -> None:
    found = json.loads(call("compare", deep, *WORSE, "--format", "json").stdout)
    assert found.keys() == {
        "schema_version",
        "a",
        "b",
        "flow",
        "layers",
        "gained",
        "lost",
        "unjudged",
        "unlike",
        "worse",
    }
    assert (found["a"]["verdict"], found["b"]["verdict"], found["worse"]) == ("healthy", "vanishing", True)
    first = found["layers"][0]
    assert first["name"] == "dense1"
    decades = first["b"]["output_grad"] - first["a"]["output_grad"]
    assert first["change"]["output_grad"] == pytest.approx(decades)
    assert decades < -3
    assert "GS101" in {finding["rule"] for finding in found["gained"]}


def test_csv_has_a_row_a_layer_of_either(deep: Path) -> None:
    text = call("compare", deep, "--set", "act=tanh", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows[:3]] == ["dense1", "relu1", "tanh1"]
    assert [row["only"] for row in rows[:3]] == ["", "a", "b"]
    assert rows[1]["a.dead_fraction"]
    assert not rows[1]["b.dead_fraction"]


def test_other_depths(deep: Path) -> None:
    result = call("compare", deep, "--set", "depth=20", "--format", "json")
    only = [layer["name"] for layer in json.loads(result.stdout)["layers"] if layer["only"] == "b"]
    assert only[0] == "relu13"
    assert only[-1] == "dense21"


def test_a_line(deep: Path) -> None:
    line = call("compare", deep, *WORSE, "--quiet").stdout
    assert line.startswith("worse  healthy → vanishing  ")
    assert line.count("\n") == 1


def test_long_tables_fold(deep: Path) -> None:
    folded, full = (call("compare", deep, "--set", "depth=40", *more).stdout for more in ((), ("--full",)))
    assert "more layers, dense9 to dense33" in folded
    assert "dense20 " not in folded
    assert "dense20 " in full


def test_set_goes_to_every_config_of_two(deep: Path) -> None:
    found = json.loads(call("compare", deep, deep, "--set", "depth=2", "--format", "json").stdout)
    assert {layer["only"] for layer in found["layers"]} == {None}
    assert found["layers"][-1]["name"] == "dense3"


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (("A",), "alone is no comparison; name a second one, or vary it with --set"),
        (("A", "A", "A"), "3 are given; two can be compared"),
        (("-", "-"), "standard input can be read only once"),
        (("missing.yaml", "A"), "missing.yaml: "),
        (("missing.json", "A"), "missing.json: "),
        (("J", "A"), "schema_version 5"),
        (("R", "R", "--set", "depth=2"), "only saved reports are given; give the config"),
        (("R", "--set", "depth=2"), "only saved reports are given; give the config"),
        (("A", "--set", "dpeth=2"), "did you mean 'depth'?"),
        (("A", "--set", "act=rleu"), "did you mean 'relu'?"),
        (("/", "A"), "/: "),
    ],
)
def test_wrong_input(sources: tuple[str, ...], message: str, deep: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.json"
    newer.write_text('{"schema_version": 5}')
    places = {"A": deep, "J": newer}
    if "R" in sources:
        places["R"] = saved(deep)
    result = call("compare", *(places.get(source, source) for source in sources), stdin="")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_an_edited_verdict_is_not_believed(deep: Path) -> None:
    report = saved(deep, *WORSE)
    document = json.loads(report.read_text())
    assert document["verdict"] == "vanishing"
    report.write_text(json.dumps(document | {"verdict": "healthy"}))
    result = call("compare", deep, report)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        f"{report}: the report contradicts itself: its verdict is healthy, that of its findings vanishing; "
    )
    assert result.stderr.count("\n") == 1


def test_the_mistakes_of_both_sides_are_said_at_once(tmp_path: Path) -> None:
    broken = small(tmp_path, "broken", BROKEN)
    result = call("compare", broken, tmp_path / "none.yaml")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_is_read_once(deep: Path, tmp_path: Path) -> None:
    import threading

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(DEEP))
    writer.start()
    assert call("compare", pipe, deep, "--trials", "1").exit_code == 0
    writer.join()


def test_verbose_says_what_the_columns_are(deep: Path) -> None:
    brief, more = (call("compare", deep, "--set", "act=relu", *extra).stdout for extra in ((), ("-v",)))
    assert "log10 of B over A" in more
    assert "log10 of B over A" not in brief
