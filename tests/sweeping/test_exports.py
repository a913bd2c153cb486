import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradscope.errors import Mistake
from gradscope.sweeping import exports
from gradscope.sweeping.exports import Table, check_export, export, table_of
from gradscope.sweeping.store import Store
from tests.sweeping.sweeps import SMALL, base_of, job, swept
from tests.sweeping.test_sweep import AXES

HEADS = [
    "depth",
    "act",
    "seed",
    "verdict",
    "flow.gain_per_layer",
    "flow.log10_ratio",
    "flow.r2",
    "parameters",
]
HEADS += ["worst_dead_fraction", "rules", "error"]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    swept(job(base_of(tmp_path), AXES), tmp_path / "a.sqlite")
    with Store(str(tmp_path / "a.sqlite"), writable=False) as store:
        yield table_of(store, store.sweeps()[0])


def test_the_columns_are_the_axes_and_what_was_measured(table: Table, tmp_path: Path) -> None:
    assert table.heads == HEADS
    swept(job(base_of(tmp_path), {"depth": [1]}), tmp_path / "b.sqlite")
    with Store(str(tmp_path / "b.sqlite"), writable=False) as store:
        heads = table_of(store, store.sweeps()[0]).heads
    assert heads == [*HEADS[:1], *HEADS[3:10], "seed", "error"]


def test_every_format_has_the_same_lines_in_the_order_of_the_design(table: Table, tmp_path: Path) -> None:
    paths = {suffix: str(tmp_path / f"out{suffix}") for suffix in (".csv", ".jsonl")}
    for path in paths.values():
        export(table, path)
    with open(paths[".csv"], newline="", encoding="utf-8") as stream:
        rows = [*csv.DictReader(stream)]
    with open(paths[".jsonl"], encoding="utf-8") as stream:
        lines = [json.loads(line) for line in stream]
    assert len(rows) == len(lines) == 60
    assert [(line["depth"], line["act"], line["seed"]) for line in lines[:6]] == [
        *((1, "relu", seed) for seed in range(5)),
        (1, "tanh", 0),
    ]
    assert [*rows[0]] == [*lines[0]] == HEADS
    for row, line in zip(rows, lines, strict=True):
        for name, value in line.items():
            expected = "" if value is None else " ".join(value) if name == "rules" else value
            assert row[name] == (expected if isinstance(expected, str) else repr(expected))
    assert {line["error"] is None for line in lines if line["depth"] == 0} == {False}


def test_parquet_has_types(table: Table, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    export(table, str(tmp_path / "out.parquet"))
    found = parquet.read_table(tmp_path / "out.parquet")
    assert found.column_names == HEADS
    types = {name: str(found.schema.field(name).type) for name in HEADS}
    assert types["depth"] == types["seed"] == types["parameters"] == "int64"
    assert types["act"] == types["verdict"] == types["error"] == "string"
    assert types["flow.log10_ratio"] == types["worst_dead_fraction"] == "double"
    assert types["rules"].startswith("list<")
    assert found.to_pylist() == [*table.lines()]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False], "bool"),
        ([1, 2**40], "int64"),
        ([0, 2**64 - 1], "uint64"),
        ([-1, 2**64 - 1], "string"),
        ([1, 2.5], "double"),
        ("log:1:8:4", "double"),
        ("int:1:3", "int64"),
        (["a", 1], "string"),
        ([None, 2], "int64"),
        ([None], "string"),
        ([{"normal": {"std": 1.0}}, "he_normal"], "string"),
    ],
)
def test_an_axis_has_the_type_of_its_values(values: Any, kind: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from gradscope.errors import Place
    from gradscope.sweeping.axes import make_axis

    assert str(exports._axis_type(make_axis("x", values, Place("x")), pyarrow)) == kind


def test_values_that_are_no_numbers_and_numbers_that_are_not_finite(tmp_path: Path) -> None:
    text = SMALL.replace("act: relu", "act: linear")
    axes = {"gain": [1e38], "loss": ["mse", {"huber": {"delta": 2}}], "layers[1].dense": [3, 4]}
    swept(job(base_of(tmp_path, text), axes), tmp_path / "a.sqlite")
    with Store(str(tmp_path / "a.sqlite"), writable=False) as store:
        table = table_of(store, store.sweeps()[0])
        for suffix in exports.WRITERS if parquet_is_there() else (".csv", ".jsonl"):
            export(table, str(tmp_path / f"out{suffix}"))
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = [*csv.DictReader(stream)]
    assert rows[2]["loss"] == '{"huber": {"delta": 2}}'
    assert rows[2]["verdict"] == "non_finite"
    assert rows[2]["flow.log10_ratio"] == "nan"
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert lines[2]["loss"] == {"huber": {"delta": 2}}
    assert lines[2]["flow.log10_ratio"] == "nan"
    if parquet_is_there():
        from pyarrow import parquet

        assert math.isnan(parquet.read_table(tmp_path / "out.parquet")["flow.log10_ratio"][2].as_py())


def parquet_is_there() -> bool:
    try:
        import pyarrow
    except ImportError:
        return False
    return bool(pyarrow.__version__)


def test_a_file_is_whole_or_not_there(table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    path.chmod(0o640)

    def failing(table: Table, path: str) -> None:
        Path(path).write_text("half")
        raise OSError("no space left")

    monkeypatch.setitem(exports.WRITERS, ".csv", failing)
    with pytest.raises(OSError, match="no space left"):
        export(table, str(path))
    assert path.read_text() == "old"
    monkeypatch.undo()
    export(table, str(path))
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in tmp_path.glob("[!a]*")) == ["net.yaml", "out.csv"]


def test_what_cannot_be_written_is_told_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.csv").mkdir()
    for path, fact, hint in (
        ("a.txt", "the format of 'a.txt' is not known", "known are .csv, .jsonl, .parquet"),
        ("a.json", "the format of 'a.json' is not known", "did you mean '.jsonl'?"),
        (str(tmp_path / "x.csv"), f"{tmp_path}/x.csv is a folder", "name a file in it"),
        (str(tmp_path / "no/x.csv"), f"there is no folder {tmp_path}/no", "create it first"),
    ):
        with pytest.raises(Mistake) as caught:
            check_export(path)
        assert (caught.value.fact, caught.value.hint) == (fact, hint)

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(exports, "import_module", missing)
    with pytest.raises(Mistake) as caught:
        check_export("a.parquet")
    assert caught.value.hint == "pip install 'gradscope[parquet]', or export .jsonl"


def test_pandas_reads_store_and_exports(table: Table, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    import sqlite3

    export(table, str(tmp_path / "out.jsonl"))
    lines = pandas.read_json(tmp_path / "out.jsonl", lines=True)
    assert len(lines) == 60
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    frame = pandas.read_sql("SELECT * FROM points", connection)
    connection.close()
    healthy = frame[frame.error.isna()].groupby("act")["flow.log10_ratio"].mean()
    assert set(healthy.index) == {"relu", "tanh", "sigmoid"}
    assert frame.depth.tolist() == lines.depth.tolist()
