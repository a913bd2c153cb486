"""`gradscope sweep` through click; the points are computed in this process."""

import csv
import io
import json
import os
from pathlib import Path

import pytest
from click.testing import Result

from gradscope.cli import sweeps
from gradscope.cli.exits import INTERRUPTED, WRONG_INPUT
from gradscope.cli.sweep_progress import SweepProgress
from tests.cli.calls import call
from tests.sweeping.sweeps import SMALL, write_base

AXES = ("--axis", "depth=1,2,3", "--axis", "act=relu,tanh")


@pytest.fixture(autouse=True)
def _inline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "_jobs", lambda request: None)


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    write_base(tmp_path)
    return "net.yaml"


def sweep(*args: str, stdin: str | None = None) -> Result:
    return call("sweep", *args, stdin=stdin)


def test_a_sweep_ends_with_its_summary_and_a_store_beside_the_config(net: str, tmp_path: Path) -> None:
    result = sweep(net, *AXES)
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "net.yaml  6 points: 6 healthy\n\ndepth  points  healthy  gain per layer\n"
    )
    assert "act (across), depth (down)" in result.stdout
    assert "$ gradscope run net.yaml --set depth=1 --set act=relu\n" in result.stdout
    assert result.stderr == "6 points in net.sweep.sqlite\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.sweep.sqlite", "net.yaml"]


def test_the_same_call_again_computes_nothing(net: str) -> None:
    first = sweep(net, *AXES)
    second = sweep(net, *AXES)
    assert second.stdout == first.stdout
    assert second.stderr == "6 points in net.sweep.sqlite, 6 of them from before\n"
    assert sweep("--summary", "net.sweep.sqlite").stdout == first.stdout


def test_points_that_fail_give_one(net: str) -> None:
    result = sweep(net, "--axis", "depth=1,0")
    assert result.exit_code == 1
    assert "1 point failed\n  1 x net.yaml:7:13: layers[0].repeat: expected a whole number" in result.stdout
    assert sweep("--summary", "net.sweep.sqlite").exit_code == 1
    again = sweep(net, "--axis", "depth=1,0", "--retry-failed")
    assert again.exit_code == 1
    assert again.stderr == "2 points in net.sweep.sqlite, 1 of them from before\n"
    fast = sweep(net, "--axis", "depth=0,1,2,3", "--fail-fast", "--store", "fast.sqlite")
    assert fast.exit_code == 1
    assert "1 of 4 points: 1 failed" in fast.stdout


def test_quiet_is_a_line(net: str) -> None:
    result = sweep(net, *AXES, "--quiet")
    assert (result.stdout, result.stderr) == ("net.yaml  6 points: 6 healthy\n", "")


def test_the_formats(net: str, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in sweep(net, *AXES, "--format", "jsonl").stdout.splitlines()]
    assert [(line["depth"], line["act"]) for line in lines] == [
        (d, a) for d in (1, 2, 3) for a in ("relu", "tanh")
    ]
    rows = [*csv.DictReader(io.StringIO(sweep(net, *AXES, "--format", "csv").stdout))]
    assert [row["verdict"] for row in rows] == [line["verdict"] for line in lines]
    whole = json.loads(sweep(net, *AXES, "--format", "json").stdout)
    assert whole["points"] == lines
    assert whole["summary"]["verdicts"] == {"healthy": 6}
    assert sweep(net, *AXES, "--format", "markdown").stdout.startswith("## net.yaml\n")
    stored = sweep("--summary", "net.sweep.sqlite", "--format", "jsonl").stdout
    assert [json.loads(line) for line in stored.splitlines()] == lines
    for form in ("jsonl", "csv", "json", "markdown", "table"):
        shown = sweep(net, *AXES, "--format", form, "-o", f"out.{form}")
        assert shown.stdout == ""
        assert (tmp_path / f"out.{form}").read_text(encoding="utf-8") == sweep(
            net, *AXES, "--format", form
        ).stdout


def test_exports(net: str, tmp_path: Path) -> None:
    result = sweep(net, *AXES, "--export", "a.csv", "--export", "b.jsonl")
    assert result.exit_code == 0
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 7
    assert len((tmp_path / "b.jsonl").read_text().splitlines()) == 6
    sweep("--summary", "net.sweep.sqlite", "--export", "c.csv")
    assert (tmp_path / "c.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


def test_a_dry_run_says_what_there_is_and_changes_nothing(net: str, tmp_path: Path) -> None:
    result = sweep(net, *AXES, "--dry-run")
    lines = result.stdout.splitlines()
    assert lines[:3] == ["points    6: depth (3) x act (2)", "stored    0 in net.sweep.sqlite", "missing   6"]
    assert lines[3].startswith("time      less than a second")
    assert [file.name for file in tmp_path.iterdir()] == ["net.yaml"]
    sweep(net, "--axis", "depth=1,2")
    lines = sweep(net, *AXES, "--dry-run", "--where", "depth < 3").stdout.splitlines()
    assert lines[0] == "points    4: depth (3) x act (2), where depth < 3"
    assert lines[1:3] == ["stored    2 in net.sweep.sqlite", "missing   2"]
    found = json.loads(sweep(net, *AXES, "--dry-run", "--format", "json").stdout)
    assert (found["points"], found["stored"], found["is_about"]) == (6, 2, False)


def test_a_sweep_file(net: str, tmp_path: Path) -> None:
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps/chaos.yaml").write_text(
        "base: ../net.yaml\naxes: {depth: [1, 2, 3], act: 'relu,tanh'}\nwhere: depth * width < 12\n"
    )
    result = sweep("sweeps/chaos.yaml", "--axis", "seed=1,2")
    assert result.stdout.startswith("sweeps/../net.yaml  8 of 12 points: 8 healthy\n")
    assert result.stderr == "8 points in sweeps/chaos.sweep.sqlite\n"
    assert "$ gradscope run net.yaml --set depth=1 --set act=relu --set seed=1\n" in result.stdout
    twice = sweep("sweeps/chaos.yaml", "--axis", "depth=4")
    assert (twice.exit_code, twice.stderr) == (
        2,
        "sweep: the axis 'depth' is given twice; put all its values into one\n",
    )


def test_the_other_ways_to_choose_points(net: str) -> None:
    options = ("--zip", "depth=1,2", "--zip", "width=3,4", "--axis", "act=relu,tanh,elu", "--random", "4")
    lines = [json.loads(line) for line in sweep(net, *options, "--format", "jsonl").stdout.splitlines()]
    assert len(lines) == 4
    assert all(line["width"] == line["depth"] + 2 for line in lines)
    other = sweep(net, *options, "--random-seed", "1", "--format", "jsonl").stdout
    assert [json.loads(line) for line in other.splitlines()] != lines


def test_settings_hold_for_every_point(net: str) -> None:
    result = sweep(
        net, "--axis", "depth=1,2", "--set", "width=8", "--seed", "3", "--trials", "2", "--select", "GS1"
    )
    assert (
        "gradscope run net.yaml --set width=8 --set depth=1 --seed 3 --trials 2 --select GS1\n"
        in result.stdout
    )
    lines = sweep("--summary", "net.sweep.sqlite", "--format", "jsonl").stdout.splitlines()
    assert {json.loads(line)["seed"] for line in lines} == {3}
    assert {json.loads(line)["parameters"] for line in lines} == {67, 139}


def test_a_config_from_standard_input(net: str) -> None:
    result = sweep("-", "--axis", "depth=1,2", "--store", "in.sqlite", stdin=SMALL)
    assert result.stdout.startswith("<stdin>  2 points: 2 healthy\n")
    assert "$ gradscope run CONFIG --set depth=1\n" in result.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "Error: a CONFIG is missing; name a YAML file, or a store with --summary"),
        (("net.yaml",), "sweep: there is nothing to vary; give an axis, as in --axis depth=10,20,50"),
        (
            ("-", "--axis", "depth=1"),
            "Error: there is nothing beside standard input; name a place with --store FILE",
        ),
        (
            ("no.yaml", "--axis", "a=1"),
            "no.yaml: there is no such file; `gradscope init` writes a starter config",
        ),
        (
            ("net.yaml", "--axis", "depth"),
            "--axis: 'depth' is not NAME=VALUES; write it like depth=10,20,50 or gain=log:0.1:10:20",
        ),
        (
            ("net.yaml", "--axis", "dpeth=1"),
            "--axis dpeth: 'dpeth' is neither a knob nor a key of the config; did you mean 'depth'?",
        ),
        (
            ("net.yaml", "--zip", "dpeth=1"),
            "--zip dpeth: 'dpeth' is neither a knob nor a key of the config; did you mean 'depth'?",
        ),
        (
            ("net.yaml", "--axis", "depth=1", "--where", "x > 1"),
            "sweep: there is no axis and no knob 'x'; known are act, depth, gain, width (texts need quotes)",
        ),
        (
            ("net.yaml", "--axis", "depth=1", "--export", "a.txt"),
            "Error: Invalid value for '--export': the format of 'a.txt' is not known; known are .csv,",
        ),
        (
            ("net.yaml", "--axis", "depth=1", "--store", "no/a.sqlite"),
            "no/a.sqlite: the store cannot be written: No such file or directory; name a file in",
        ),
        (
            ("net.yaml", "--axis", "depth=1", "--store", "net.yaml"),
            "net.yaml: this is not an SQLite database (file is not a database); name another file with",
        ),
        (
            ("net.yaml", "--axis", "depth=1", "--timeout", "nan"),
            "Error: Invalid value for '--timeout': nan is no time up to 1e+09 s",
        ),
        (
            ("net.yaml", "--axis", "depth=1", "--jobs", "100000"),
            "Error: Invalid value for '--jobs': 100000 is not in the range 1<=x<=1000.",
        ),
        (
            ("net.yaml", "--axis", "depth=1", "--timeout", "0"),
            "Error: Invalid value for '--timeout': 0.0 is not in the range x>0.",
        ),
        (
            ("net.yaml", "--axis", "depth=1", "--random", "0"),
            "Error: Invalid value for '--random': 0 is not in the range x>=1.",
        ),
        (
            ("--summary", "no.sqlite"),
            "no.sqlite: there is no such file; name the store of a sweep: NAME.sweep.sqlite",
        ),
        (
            ("--summary", "net.yaml"),
            "net.yaml: this is not an SQLite database (file is not a database); name another file with",
        ),
        (
            ("net.yaml", "--summary", "a.sqlite"),
            "Error: --summary shows what is stored, and takes no CONFIG; leave one out",
        ),
        (("net.yaml", "--axis", "depth=1", "--set", "width={"), "--set width: not valid YAML: "),
        (
            ("net.yaml", "--axis", "depth=1", "--set", "depth=2"),
            "--axis depth: 'depth' is set with --set and varied; leave one of them out",
        ),
        (
            ("net.yaml", "--axis", "seed=1", "--seed", "2"),
            "sweep: 'seed' is given and varied; leave one of them out",
        ),
    ],
)
def test_wrong_input_is_told_and_gives_two(args: tuple[str, ...], message: str, net: str) -> None:
    result = sweep(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith(message)
    assert "internal" not in result.stderr


def test_an_interrupted_sweep_says_how_to_go_on(net: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = SweepProgress.reach
    calls = iter([None])

    def interrupted(self: SweepProgress, *state: int) -> None:
        real(self, *state)
        if next(calls, 0) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(SweepProgress, "reach", interrupted)
    result = sweep(net, "--axis", "seed=int:0:199")
    assert result.exit_code == INTERRUPTED
    assert result.stdout == ""
    assert result.stderr == (
        "interrupted; what was finished is in net.sweep.sqlite: the same command goes on from there\n"
    )
    rest = sweep(net, "--axis", "seed=int:0:199", "--quiet")
    assert rest.stdout.startswith("net.yaml  200 points: ")


def test_help_has_examples() -> None:
    result = sweep("--help")
    assert result.exit_code == 0
    assert "gradscope sweep --summary net.sweep.sqlite" in result.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_lines_that_a_full_disk_does_not_take(net: str) -> None:
    result = sweep(net, "--axis", "depth=1,2", "--format", "jsonl", "-o", "/dev/full")
    assert result.exit_code == WRONG_INPUT
    assert result.stderr == (
        "/dev/full: this cannot be written: No space left on device; name another file with -o\n"
    )
