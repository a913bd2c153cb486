import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradscope.errors import UserError
from gradscope.sweeping import database, lock
from gradscope.sweeping.columns import COLUMNS, headings
from gradscope.sweeping.grid import Point
from gradscope.sweeping.lock import WriterLock
from gradscope.sweeping.store import Store
from gradscope.sweeping.worker import Result
from tests.sweeping.sweeps import ROOT

REPORT = zlib.compress(b'{"verdict":"healthy"}')


def result(
    number: int, *values: Any, key: str | None = None, error: str | None = None, **columns: Any
) -> Result:
    known = {"verdict": "healthy", "flow.log10_ratio": 0.5, "rules": "GS101 GS105", "seed": 0} | columns
    row = tuple(None if error else known.get(name) for name in COLUMNS[:-1])
    report = None if error else REPORT
    return Result(number, values, key or f"key{number}", (*row, error), report, 0.25, "0.1.0")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(str(tmp_path / "a.sqlite"), writable=True) as store:
        yield store


def begin(store: Store, *names: str, digest: str = "first") -> int:
    return store.begin(digest, {"names": names}, names)


def table(store: Store) -> list[dict[str, Any]]:
    with sqlite3.connect(store.path) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM points ORDER BY id")]
    connection.close()
    return rows


@pytest.mark.parametrize("name", [":memory:", "file:a?mode=memory", "a?b#c%41"])
def test_a_store_is_a_file_whatever_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Store(name, writable=True) as store:
        begin(store, "depth")
        store.add([result(0, 10)])
    assert name in os.listdir(tmp_path)
    with sqlite3.connect(tmp_path / name) as connection:
        assert connection.execute("SELECT depth FROM points").fetchall() == [(10,)]
    connection.close()


def test_what_is_added_is_there_for_sql(store: Store) -> None:
    begin(store, "depth", "act")
    store.add([result(0, 10, "relu"), result(1, 20, "tanh", error="no such thing")])
    first, second = table(store)
    assert (first["depth"], first["act"], first["verdict"], first["flow.log10_ratio"]) == (
        10,
        "relu",
        "healthy",
        0.5,
    )
    assert (first["rules"], first["error"], first["seconds"]) == ("GS101 GS105", None, 0.25)
    assert (second["depth"], second["verdict"], second["error"]) == (20, None, "no such thing")
    report = store.compressed_report("key0")
    assert report is not None
    assert json.loads(zlib.decompress(report)) == {"verdict": "healthy"}
    assert store.compressed_report("key1") is None


def test_rows_come_back_as_they_were(store: Store) -> None:
    sweep = begin(store, "x")
    columns: dict[str, Any] = {
        "flow.gain_per_layer": math.nan,
        "flow.log10_ratio": -math.inf,
        "flow.r2": math.inf,
        "worst_dead_fraction": 5e-324,
        "seed": 2**64 - 1,
        "parameters": 12,
        "rules": "",
    }
    given = [result(0, 1, **columns), result(5, 2), result(3, 3, error="words")]
    store.add(given)
    rows = [*store.rows(sweep)]
    assert [row.number for row in rows] == [0, 3, 5]
    assert repr(rows[0].columns) == repr(given[0].columns)
    assert rows[1].error == "words"
    assert [row.number for row in store.rows(sweep, 1, 3)] == [3]
    assert {key: row.key for key, row in store.with_keys(["key5", "nokey"]).items()} == {"key5": "key5"}
    assert store.count(sweep) == 3
    assert store.count(sweep, with_failed=False) == 2
    assert store.mean_seconds() == 0.25


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (True, 1),
        (1.5, 1.5),
        ("text", "text"),
        (None, None),
        ([1, 2], "[1, 2]"),
        ({"normal": {"std": 1}}, '{"normal": {"std": 1}}'),
        (2**70, str(2**70)),
    ],
)
def test_axis_values_that_sql_does_not_have_are_texts(value: Any, stored: Any, store: Store) -> None:
    begin(store, "x")
    store.add([result(0, value)])
    assert table(store)[0]["x"] == stored


def test_axes_with_awkward_names_have_columns_too(store: Store) -> None:
    names = ["seed", "error", "Depth", "depth", "layers[0].dense", 'a"b', "key", "verdict"]
    begin(store, *names)
    store.add([result(0, *range(8))])
    row = table(store)[0]
    assert [row[name] for name in headings(names).values() if name != "seed"] == [1, 2, 3, 4, 5, 6, 7]
    assert row["seed"] == 0
    assert row["error"] is None
    assert row["axis.error"] == 1
    assert row["axis.depth"] == 3


def test_a_second_sweep_adds_its_axes_to_the_same_rows(store: Store) -> None:
    first = begin(store, "depth")
    store.add([result(0, 10), result(1, 20)])
    assert not store.has_others(first)
    second = begin(store, "depth", "width", digest="second")
    assert second != first
    assert store.has_others(second)
    store.add([result(2, 20, 64)], [(Point(0, (10, 32)), "key0")])
    assert [(row["depth"], row["width"]) for row in table(store)] == [(10, 32), (20, None), (20, 64)]
    assert [(row.number, row.key) for row in store.rows(second)] == [(0, "key0"), (2, "key2")]
    assert [row.number for row in store.rows(first)] == [0, 1]
    assert [kept.digest for kept in store.sweeps()] == ["second", "first"]
    assert begin(store, "depth") == first
    assert [kept.digest for kept in store.sweeps()] == ["first", "second"]
    assert store.find("second") == second
    assert store.find("third") is None


def test_a_result_replaces_a_failure_and_nothing_else(store: Store) -> None:
    begin(store, "x")
    store.add([result(0, 1, error="dead"), result(1, 2)])
    store.add([result(0, 1), result(1, 2, verdict="vanishing"), result(1, 2, error="dead")])
    assert [(row["verdict"], row["error"]) for row in table(store)] == [("healthy", None), ("healthy", None)]
    assert store.compressed_report("key0") == REPORT


def test_two_points_of_one_config_share_a_row(store: Store) -> None:
    sweep = begin(store, "act")
    store.add([result(0, "silu", key="same"), result(1, "swish", key="same")])
    assert len(table(store)) == 1
    assert [row.number for row in store.rows(sweep)] == [0, 1]


def test_all_of_a_batch_is_kept_or_nothing(store: Store) -> None:
    sweep = begin(store, "x")
    store.add([result(0, 1)])
    with pytest.raises(UserError):
        store.add([result(1, 2), result(2, object())])
    assert [row.number for row in store.rows(sweep)] == [0]
    store.add([result(3, 4)])
    assert [row.number for row in store.rows(sweep)] == [0, 3]


# what can be wrong with the file


def told(call: Any) -> str:
    with pytest.raises(UserError) as caught:
        call()
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_files_that_are_no_store(tmp_path: Path) -> None:
    text, other, newer = (tmp_path / name for name in ("text.sqlite", "other.sqlite", "newer.sqlite"))
    text.write_text("this is not a database, whatever its name is\n" * 50)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    Store(str(newer), writable=True).__exit__(None, None, None)
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    for writable in (True, False):

        def opening(path: Path, writable: bool = writable) -> str:
            return told(lambda: Store(str(path), writable=writable)).removeprefix(f"{path}: ")

        assert opening(text) == (
            "this is not an SQLite database (file is not a database); name another file with --store"
        )
        assert opening(other) == (
            "this database was not made by gradscope sweep; name another file with --store"
        )
        assert opening(newer) == (
            "it was written by a newer gradscope (store version 2, this one knows 1); "
            "upgrade gradscope, or name another file with --store"
        )
        assert opening(tmp_path) == "this is a folder; name a file in it"
        assert opening(Path(os.devnull)) == "this is a device or a pipe; name a file"
    assert text.read_text().startswith("this is not")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "no" / "a.sqlite"
    assert "its folder does not exist; create it first" in told(lambda: Store(str(path), writable=True))
    path = tmp_path / "a.sqlite"
    assert "there is no such file" in told(lambda: Store(str(path), writable=False))
    assert not path.exists()
    path.touch()
    assert "there is no sweep in it" in told(lambda: Store(str(path), writable=False))


def test_a_store_that_is_deleted_or_replaced_meanwhile(store: Store) -> None:
    begin(store, "x")
    os.rename(store.path, f"{store.path}.old")
    gone = told(lambda: store.add([result(0, 1)]))
    assert gone == (
        f"{store.path}: the store was deleted or replaced while the sweep was running; "
        "run again; what was in the old file is computed anew"
    )
    Path(store.path).touch()
    assert told(lambda: store.add([result(0, 1)])) == gone


def test_a_full_disk(store: Store) -> None:
    sweep = begin(store, "x")
    store.add([result(0, 1)])
    # As SQLite sees it: no page more.
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    large = result(1, 2)._replace(report=os.urandom(100_000))
    message = told(lambda: store.add([large]))
    assert message == (
        f"{store.path}: the disk is full (database or disk is full); "
        "free some space and run this again: it goes on where it stopped"
    )
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.add([large])
    assert store.count(sweep) == 2


READ_ONLY = """\
import os, sys
from gradscope.errors import UserError
from gradscope.sweeping.store import Store
from gradscope.sweeping.sweep import writable_store
if os.getuid() == 0:
    os.setuid(65534)  # only now: the libraries may be root's alone
path = sys.argv[1]
with Store(path, writable=False) as store:
    print(store.count(1))
for opening in (lambda: Store(path, writable=True), lambda: writable_store(path, print).__enter__()):
    try:
        opening()
    except UserError as error:
        print(error)
"""


@pytest.mark.parametrize(("has_log", "fact"), [(False, "written"), (True, "opened")])
def test_a_store_that_may_only_be_read(has_log: bool, fact: str, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    path = folder / "a.sqlite"
    with Store(str(path), writable=True) as store:
        begin(store, "x")
        store.add([result(0, 1)])
    if has_log:
        Path(f"{path}-wal").touch()  # as it is left by who was killed before there was anything in it
    path.chmod(0o444)
    folder.chmod(0o555)
    for parent in (tmp_path, *tmp_path.parents):
        if parent == Path(tempfile.gettempdir()):
            break
        parent.chmod(0o755)  # pytest keeps its folders from others, and root becomes another user here
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    folder.chmod(0o755)
    assert done.stderr == ""
    count, first, second = done.stdout.splitlines()
    assert count == "1"
    assert first.startswith(f"{path}: it cannot be {fact} (")
    assert first.endswith("permissions, or name another file with --store")
    assert second == (
        f"{path}: the store cannot be written: Permission denied; "
        "name a file in a folder that may be written with --store"
    )


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("SQLITE_IOERR_SHMMAP", "its file system cannot share memory"),
        ("SQLITE_IOERR_SHMSIZE", "the disk takes no more"),
        ("SQLITE_IOERR_WRITE", "the disk takes no more"),
        ("SQLITE_IOERR_READ", "the disk failed"),
        ("SQLITE_PROTOCOL", "its file system cannot lock files"),
        ("SQLITE_BUSY_SNAPSHOT", "another program keeps it locked"),
        ("SQLITE_CORRUPT", "the database is damaged"),
        ("SQLITE_CANTOPEN", "it cannot be opened"),
        ("SQLITE_MISUSE", "the store failed: words"),
    ],
)
def test_every_error_of_sqlite_has_words(name: str, fact: str) -> None:
    def failing() -> None:
        error = sqlite3.OperationalError("words")
        error.sqlite_errorname = name
        with database.explained("a.sqlite"):
            raise error

    assert told(failing).startswith(f"a.sqlite: {fact}")


# one writer at a time


def test_the_second_writer_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "POLL_SECONDS", 0.01)
    path = str(tmp_path / "lock")
    events: list[str] = []

    def second() -> None:
        with WriterLock(path, lambda: events.append("waits")):
            events.append("second")

    with WriterLock(path, lambda: pytest.fail("nobody else is here")):
        thread = threading.Thread(target=second)
        thread.start()
        deadline = time.monotonic() + 5.0
        while not events and time.monotonic() < deadline:
            time.sleep(0.01)
        events.append("first ends")
    thread.join()
    assert events == ["waits", "first ends", "second"]
    assert not Path(path).exists()


def test_of_many_writers_one_is_in_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "POLL_SECONDS", 0.001)
    path = str(tmp_path / "lock")
    inside: list[int] = []
    most: list[int] = []

    def enter() -> None:
        for _ in range(5):
            with WriterLock(path, lambda: None):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.002)
                inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 20
    assert not Path(path).exists()
