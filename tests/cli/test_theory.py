import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.calls import BROKEN, call, small

SIGMOID = "configs/deep_sigmoid.yaml"
TANH = "configs/tanh_edge_of_chaos.yaml"
HUGE = """\
input: 1000000
init: he_normal
layers:
  - {repeat: 10000, layers: [dense: 1000000, relu]}
  - dense: 10
"""


def test_the_page(tmp_path: Path) -> None:
    result = call("theory", SIGMOID)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "first/last 3.4e-13, gain per layer 0.237" in result.stdout
    assert "phase      ordered" in result.stdout
    assert "survives about 5 layers of this" in result.stdout
    assert "17 more layers" in result.stdout
    assert len(call("theory", SIGMOID, "--full").stdout.splitlines()) > len(result.stdout.splitlines())
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_has_the_fields_of_the_contract() -> None:
    found = json.loads(call("theory", TANH, "--set", "sigma_w2=4", "--format", "json").stdout)
    assert found["schema_version"] == 1
    assert found["phase"] == "chaotic"
    assert found["chi_1"] == pytest.approx(1.342402414, abs=1e-7)
    assert found["depth_scale"] == pytest.approx(3.39604, abs=1e-4)
    first, *_, last = found["layers"]
    assert {"name", "second_moment", "gradient_gain", "log10_l2_ratio", "dead_fraction"} <= first.keys()
    assert (first["name"], last["name"]) == ("dense1", "tanh60")
    assert found["flow"]["log10_ratio"] == pytest.approx(first["log10_l2_ratio"])


def test_the_hundred_blocks_of_rezero_keep_their_gradient() -> None:
    """Nothing reaches the inside of branches that start at zero; the trunk passes all of it."""
    found = json.loads(call("theory", "configs/rezero.yaml", "--format", "json").stdout)
    assert found["flow"]["log10_ratio"] == pytest.approx(0.0, abs=1e-6)
    inner, outer = (
        {layer["log10_l2_ratio"] for layer in found["layers"] if ("." in layer["name"]) is inside}
        for inside in (True, False)
    )
    assert inner == {"-inf"}
    assert "nan" not in outer


@pytest.mark.parametrize(
    ("config", "options", "code"),
    [
        (SIGMOID, (), 0),
        (SIGMOID, ("--fail-on", "never"), 0),
        (SIGMOID, ("--fail-on", "error"), 1),
        (SIGMOID, ("--set", "depth=4", "--fail-on", "error"), 0),  # 0.237 ** 4 lies between the two limits
        (SIGMOID, ("--set", "depth=4", "--fail-on", "warning"), 1),
        (SIGMOID, ("--set", "rules={GS101: off}", "--fail-on", "warning"), 0),
        ("configs/deep_relu_he.yaml", ("--fail-on", "warning"), 0),
        ("configs/rezero.yaml", ("--fail-on", "warning"), 0),
        (TANH, ("--set", "sigma_w2=4", "--fail-on", "error"), 1),
    ],
)
def test_the_predicted_flow_is_judged(config: str, options: tuple[str, ...], code: int) -> None:
    result = call("theory", config, *options)
    assert (result.exit_code, result.stderr) == (code, "")


def test_findings_of_a_network_no_machine_could_build(tmp_path: Path) -> None:
    """They name the layers that the whole network has."""
    file = small(tmp_path, text=HUGE.replace("relu", "sigmoid"))
    result = call("theory", file, "--fail-on", "error", "--format", "json")
    (finding,) = json.loads(result.stdout)["findings"]
    assert (result.exit_code, finding["rule"], finding["layer"], finding["line"]) == (1, "GS101", "dense1", 4)
    assert "of that at dense10001: neither SGD nor Adam trains this" in finding["message"]
    page = call("theory", file).stdout
    assert "error      GS101 vanishing-gradient, line 4: the gradient at dense1" in page


def test_many_networks_are_not_judged() -> None:
    result = call("theory", TANH, "--axis", "sigma_b=0,1", "--fail-on", "error")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--fail-on judges one network" in result.stderr


def test_csv_and_markdown() -> None:
    rows = list(csv.DictReader(io.StringIO(call("theory", SIGMOID, "--format", "csv").stdout)))
    assert [rows[0]["name"], rows[-1]["name"]] == ["dense1", "dense21"]
    assert call("theory", SIGMOID, "--format", "markdown").stdout.startswith("## deep sigmoid MLP\n")


def test_a_network_no_machine_could_build(tmp_path: Path) -> None:
    result = call("theory", small(tmp_path, text=HUGE), "--format", "json")
    found = json.loads(result.stdout)
    assert len(found["layers"]) == 20_001
    assert found["layers"][-1]["name"] == "dense10001"
    assert found["phase"] == "critical"


def test_one_line() -> None:
    assert call("theory", SIGMOID, "--quiet").stdout == "ordered      3.4e-13  deep sigmoid MLP\n"


def test_where_theory_stops(tmp_path: Path) -> None:
    file = small(tmp_path, text="input: 4\nlayers: [dense: 8, softmax, dense: 2]\n")
    assert "theory stops at softmax1" in " ".join(call("theory", file).stdout.split())


def test_a_broken_config_names_every_problem(tmp_path: Path) -> None:
    result = call("theory", small(tmp_path, text=BROKEN))
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 2


def test_the_phase_diagram() -> None:
    axes = ("--axis", "sigma_w2=lin:0.25:9:200", "--axis", "sigma_b=lin:0:1:100")
    result = call("theory", TANH, *axes)
    assert result.exit_code == 0
    assert "edge of chaos  sigma_w2 3.44 at sigma_b 1.00" in result.stdout.replace("3.443", "3.44")
    assert max(map(len, result.stdout.splitlines())) <= 80
    found = json.loads(call("theory", TANH, *axes, "--format", "json").stdout)
    assert (len(found["chi_1"]), len(found["chi_1"][0])) == (100, 200)
    assert {word for row in found["phase"] for word in row} >= {"ordered", "chaotic"}
    rows = list(csv.DictReader(io.StringIO(call("theory", TANH, *axes, "--format", "csv").stdout)))
    assert len(rows) == 20_000


def test_an_axis_nobody_knows() -> None:
    result = call("theory", TANH, "--axis", "sigma=1,2")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "sigma" in result.stderr


def test_verbose_says_what_the_columns_are(tmp_path: Path) -> None:
    page, more = (call("theory", small(tmp_path), *extra).stdout for extra in ((), ("-v",)))
    assert more.startswith(page)
    heads = next(line for line in page.splitlines() if line.startswith("layer"))
    explained = [line.split("  ")[0] for line in more[len(page) :].splitlines() if line and line[0] != " "]
    assert explained == ["layer", "E h²", "gain", "|∂L/∂y|", "±", "dead"]
    assert all(head in heads for head in explained)
