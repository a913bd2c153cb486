"""The SQLite file of a store: opened, made and checked, and its errors in words. Knows no results."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from gradscope.errors import Place, Problem, UserError

APPLICATION_ID = 0x67726164
"""Tells SQLite files of gradscope from others: "grad"."""
SCHEMA_VERSION = 1

_BUSY_SECONDS = 30.0

TABLES = """
CREATE TABLE points (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  verdict TEXT,
  "flow.gain_per_layer" REAL,
  "flow.log10_ratio" REAL,
  "flow.r2" REAL,
  parameters INTEGER,
  worst_dead_fraction REAL,
  rules TEXT,
  seed,
  error TEXT,
  seconds REAL NOT NULL,
  gradscope_version TEXT NOT NULL
);
CREATE TABLE reports (
  id INTEGER PRIMARY KEY REFERENCES points,
  report BLOB NOT NULL
);
CREATE TABLE sweeps (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  definition TEXT NOT NULL,
  used INTEGER NOT NULL
);
CREATE TABLE members (
  sweep INTEGER NOT NULL REFERENCES sweeps,
  number INTEGER NOT NULL,
  point INTEGER NOT NULL REFERENCES points,
  PRIMARY KEY (sweep, number)
) WITHOUT ROWID;
"""
"""`points` has a row for each config, with a column added for every axis; `reports` its JSON, by zlib.

`members` says which points a sweep consists of, and under which number of its design.
"""

_ERRORS: tuple[tuple[str, str, str], ...] = (
    ("SQLITE_FULL", "the disk is full", "free some space and run this again: it goes on where it stopped"),
    ("SQLITE_READONLY", "it cannot be written", "check its permissions, or name another file with --store"),
    ("SQLITE_PERM", "it cannot be written", "check its permissions, or name another file with --store"),
    (
        "SQLITE_CANTOPEN",
        "it cannot be opened",
        "check folder and permissions, or name another file with --store",
    ),
    ("SQLITE_NOTADB", "this is not an SQLite database", "name another file with --store"),
    ("SQLITE_CORRUPT", "the database is damaged", "`sqlite3 FILE .recover` may save what is in it"),
    ("SQLITE_BUSY", "another program keeps it locked", "close it there, then run again"),
    ("SQLITE_LOCKED", "another program keeps it locked", "close it there, then run again"),
    ("SQLITE_PROTOCOL", "its file system cannot lock files", "name a file on a local disk with --store"),
    ("SQLITE_IOERR_SHMSIZE", "the disk takes no more", "check it, its quota and the limit on a file's size"),
    ("SQLITE_IOERR_SHM", "its file system cannot share memory", "name a file on a local disk with --store"),
    ("SQLITE_IOERR_WRITE", "the disk takes no more", "check it, its quota and the limit on a file's size"),
    ("SQLITE_IOERR", "the disk failed", "check the disk, or name another file with --store"),
)
"""Beginnings of SQLite's names for errors, and what to say."""


def store_error(path: str, fact: str, hint: str) -> UserError:
    """What is wrong with the file of a store."""
    return UserError([Problem(Place(path), fact, hint)])


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn what SQLite raises in the block into a `UserError`."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        for beginning, fact, hint in _ERRORS:
            if name.startswith(beginning):
                raise store_error(path, f"{fact} ({error})", hint) from error
        raise store_error(path, f"the store failed: {error}", "name another file with --store") from error


def open_for_writing(path: str) -> sqlite3.Connection:
    """The database, made when there is none.

    Raises:
        UserError: it cannot be made or written, or is not a store of this version.
    """
    _check_kind(path)
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise store_error(path, "its folder does not exist", "create it first")
    with explained(path):
        # Some names, as ":memory:", are no files to SQLite; those that begin at the root are.
        connection = sqlite3.connect(
            os.path.abspath(path), timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _check(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            # An acknowledged result outlives a loss of power, not only the end of this process.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            if _is_empty(connection):
                _make(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
    return connection


def open_for_reading(path: str) -> sqlite3.Connection:
    """The database as it is; nothing is written, not even beside it where that is forbidden.

    Raises:
        UserError: there is none, or it is not a store of this version.
    """
    _check_kind(path)
    if not os.path.exists(path):
        raise store_error(path, "there is no such file", "name the store of a sweep: NAME.sweep.sqlite")
    with explained(path):
        try:
            # Who may write also removes what SQLite puts beside the file while it is open.
            connection = _connect(path, "mode=rw")
        except sqlite3.OperationalError:
            if _has_content(f"{path}-wal"):
                raise
            # Where nothing can be written, a database in WAL mode is readable as a file that never changes.
            connection = _connect(path, "mode=ro&immutable=1")
        try:
            _check(connection, path)
            if _is_empty(connection):
                raise store_error(path, "there is no sweep in it", "name the store of a sweep")
        except BaseException:
            connection.close()
            raise
    return connection


def _check_kind(path: str) -> None:
    if not path:
        raise store_error("store", "a file without a name", "name a file, as in results.sqlite")
    if os.path.isdir(path):
        raise store_error(path, "this is a folder", "name a file in it")
    if os.path.exists(path) and not os.path.isfile(path):
        raise store_error(path, "this is a device or a pipe", "name a file")


def _has_content(path: str) -> bool:
    return os.path.exists(path) and os.path.getsize(path) > 0


def _connect(path: str, query: str) -> sqlite3.Connection:
    uri = f"file:{quote(os.fsencode(os.path.abspath(path)))}?{query}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA user_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_empty(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return bool(tables == 0)


def _check(connection: sqlite3.Connection, path: str) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID and not _is_empty(connection):
        raise store_error(
            path, "this database was not made by gradscope sweep", "name another file with --store"
        )
    if version > SCHEMA_VERSION:
        raise store_error(
            path,
            f"it was written by a newer gradscope (store version {version}, this one knows {SCHEMA_VERSION})",
            "upgrade gradscope, or name another file with --store",
        )


def _make(connection: sqlite3.Connection) -> None:
    for statement in TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
