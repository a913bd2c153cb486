"""Where results are kept: a row for each config that was ever computed. One writer at a time."""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self

from gradscope.sweeping import database
from gradscope.sweeping.columns import COLUMNS, NUMBERS, headings
from gradscope.sweeping.database import explained, store_error
from gradscope.sweeping.grid import Point
from gradscope.sweeping.worker import Result

_KEPT = (*COLUMNS, "seconds", "gradscope_version")
_LARGEST = 2**63 - 1


class Row(NamedTuple):
    """A point that is in the store, as one sweep numbers it."""

    number: int
    key: str
    columns: tuple[Any, ...]
    """As `columns.COLUMNS` says."""

    @property
    def error(self) -> str | None:
        """Why it has no numbers, if it has none."""
        words: str | None = self.columns[-1]
        return words


class Kept(NamedTuple):
    """A sweep that is in the store, and what it was defined by."""

    id: int
    digest: str
    definition: dict[str, Any]


class Store:
    """An open store. Everything SQLite may raise is a `UserError` that names the file."""

    def __init__(self, path: str, *, writable: bool) -> None:
        """Open the file; a writable one is made when there is none."""
        self.path = path
        self._connection = (database.open_for_writing if writable else database.open_for_reading)(path)
        self._identity = os.stat(path)
        self._sweep = 0
        self._axes: list[str | None] = []
        """The column of each axis; None for one that shares the column of the seed."""
        self._insert = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    # reading

    def sweeps(self) -> list[Kept]:
        """All sweeps, the one that was used last first; behind them those that came to no point."""
        with explained(self.path):
            query = (
                "SELECT id, digest, definition FROM sweeps "
                "ORDER BY EXISTS(SELECT 1 FROM members WHERE sweep = sweeps.id) DESC, used DESC"
            )
            found = self._connection.execute(query)
            return [Kept(number, digest, json.loads(definition)) for number, digest, definition in found]

    def find(self, digest: str) -> int | None:
        """The id of the sweep of that digest."""
        with explained(self.path):
            found = self._connection.execute("SELECT id FROM sweeps WHERE digest = ?", (digest,)).fetchone()
            return None if found is None else int(found[0])

    def rows(self, sweep: int, first: int = 0, last: int = _LARGEST) -> Iterator[Row]:
        """The points of a sweep with numbers from `first` to `last`, in their order."""
        with explained(self.path):
            query = (
                f"SELECT number, key, {_listed(COLUMNS)} FROM members JOIN points ON id = point "
                "WHERE sweep = ? AND number BETWEEN ? AND ? ORDER BY number"
            )
            for number, key, *columns in self._connection.execute(query, (sweep, first, last)):
                yield Row(number, key, _from_sql(columns))

    def count(self, sweep: int, *, with_failed: bool = True) -> int:
        """The points of a sweep that are here."""
        query = (
            "SELECT count(*) FROM members JOIN points ON id = point WHERE sweep = ? AND (error IS NULL OR ?)"
        )
        with explained(self.path):
            return int(self._connection.execute(query, (sweep, with_failed)).fetchone()[0])

    def with_keys(self, keys: Sequence[str]) -> dict[str, Row]:
        """The points that have one of these keys, whichever sweep computed them."""
        marks = ",".join("?" * len(keys))
        with explained(self.path):
            query = f"SELECT id, key, {_listed(COLUMNS)} FROM points WHERE key IN ({marks})"
            found = self._connection.execute(query, tuple(keys))
            return {key: Row(number, key, _from_sql(columns)) for number, key, *columns in found}

    def has_others(self, sweep: int | None) -> bool:
        """Whether there are points that belong to another sweep than this."""
        with explained(self.path):
            query = "SELECT EXISTS(SELECT 1 FROM members WHERE sweep < ?1 OR sweep > ?1)"
            return bool(self._connection.execute(query, (sweep or 0,)).fetchone()[0])

    def compressed_report(self, key: str) -> bytes | None:
        """The JSON of the report of a point by zlib, if there is one."""
        with explained(self.path):
            query = "SELECT report FROM reports JOIN points USING (id) WHERE key = ?"
            found = self._connection.execute(query, (key,)).fetchone()
            return None if found is None else bytes(found[0])

    def mean_seconds(self) -> float | None:
        """The mean time of all points that did not fail; None when there are none."""
        with explained(self.path):
            found = self._connection.execute("SELECT avg(seconds) FROM points WHERE error IS NULL").fetchone()
            return None if found[0] is None else float(found[0])

    # writing

    def begin(self, digest: str, definition: Mapping[str, Any], names: Sequence[str]) -> int:
        """The id of the sweep that is going to be written, with a column for each of its axes."""
        with self._transaction() as connection:
            columns = {
                str(name).casefold(): str(name)
                for _, name, *_ in connection.execute("PRAGMA table_info(points)")
            }
            self._axes = [self._column(heading, columns) for heading in headings(names).values()]
            query = (
                "INSERT INTO sweeps (digest, definition, used) "
                "VALUES (?, ?, (SELECT 1 + coalesce(max(used), 0) FROM sweeps)) "
                "ON CONFLICT (digest) DO UPDATE SET used = excluded.used RETURNING id"
            )
            (self._sweep,) = connection.execute(query, (digest, json.dumps(definition))).fetchone()
        self._insert = _insertion([axis for axis in self._axes if axis is not None])
        return self._sweep

    def add(self, results: Iterable[Result], known: Iterable[tuple[Point, str]] = ()) -> None:
        """Keep results, and that the sweep has points that were `known` by their key; durable on return."""
        with self._transaction() as connection:
            for result in results:
                kept = (*result.columns, result.seconds, result.version)
                values = [result.key, *map(_to_sql, kept), *self._axis_values(result.values)]
                (number,) = connection.execute(self._insert, values).fetchone()
                if result.report is not None:
                    query = "INSERT INTO reports VALUES (?, ?) ON CONFLICT DO NOTHING"
                    connection.execute(query, (number, result.report))
                self._join(connection, result.number, number)
            for point, key in known:
                (number,) = connection.execute("SELECT id FROM points WHERE key = ?", (key,)).fetchone()
                self._fill_axes(connection, number, point.values)
                self._join(connection, point.number, number)

    def _join(self, connection: sqlite3.Connection, number: int, point: int) -> None:
        connection.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", (self._sweep, number, point))

    def _fill_axes(self, connection: sqlite3.Connection, number: int, values: Sequence[Any]) -> None:
        """An axis that another sweep did not have is known of its points now."""
        names = [axis for axis in self._axes if axis is not None]
        if names:
            changes = ", ".join(f"{_quoted(name)} = coalesce({_quoted(name)}, ?)" for name in names)
            query = f"UPDATE points SET {changes} WHERE id = ?"
            connection.execute(query, (*self._axis_values(values), number))

    def _axis_values(self, values: Sequence[Any]) -> list[Any]:
        return [_to_sql(value) for axis, value in zip(self._axes, values, strict=True) if axis is not None]

    def _column(self, heading: str, columns: dict[str, str]) -> str | None:
        """The column of that heading, added when there is none; None where it is one of ours."""
        if heading in COLUMNS:
            return None
        while columns.get(heading.casefold(), heading) != heading:
            heading = f"axis.{heading}"
        if heading.casefold() not in columns:
            self._connection.execute(f"ALTER TABLE points ADD COLUMN {_quoted(heading)}")
            columns[heading.casefold()] = heading
        return heading

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or nothing of it."""
        self._check_file()
        with explained(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _check_file(self) -> None:
        """SQLite would go on writing into a file that nobody can find any more."""
        try:
            is_same = os.path.samestat(self._identity, os.stat(self.path))
        except OSError:
            is_same = False
        if not is_same:
            fact = "the store was deleted or replaced while the sweep was running"
            raise store_error(self.path, fact, "run again; what was in the old file is computed anew")


def _insertion(axes: Sequence[str]) -> str:
    """A row of `points`: what has a result keeps it, what had only an error gets the new one."""
    names = ["key", *_KEPT, *axes]
    changes = [
        f"{_quoted(name)} = CASE WHEN points.error IS NULL THEN points.{_quoted(name)} "
        f"ELSE excluded.{_quoted(name)} END"
        for name in _KEPT
    ]
    changes += [
        f"{_quoted(name)} = coalesce(points.{_quoted(name)}, excluded.{_quoted(name)})" for name in axes
    ]
    marks = ", ".join("?" * len(names))
    return (
        f"INSERT INTO points ({_listed(names)}) VALUES ({marks}) "
        f"ON CONFLICT (key) DO UPDATE SET {', '.join(changes)} RETURNING id"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _to_sql(value: Any) -> Any:
    """The value as SQLite can hold it: what is no number or text there becomes a text."""
    if isinstance(value, list | dict):
        return json.dumps(value)
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)
    return value


def _from_sql(columns: Sequence[Any]) -> tuple[Any, ...]:
    found = dict(zip(COLUMNS, columns, strict=True))
    for name in NUMBERS:
        if found[name] is not None:
            found[name] = float(found[name])
    if isinstance(found["seed"], str):
        found["seed"] = int(found["seed"])
    return tuple(found.values())
