"""The points of a sweep as a table for other programs: CSV, JSONL or Parquet, in the order of the design."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any, TextIO

from msgspec import Struct

from gradscope.config.suggest import suggest
from gradscope.errors import Mistake
from gradscope.report import json_safe
from gradscope.sweeping.axes import Axis, yaml_text
from gradscope.sweeping.columns import COLUMNS, NUMBERS, headers, headings, line
from gradscope.sweeping.grid import Design, design_from_plain
from gradscope.sweeping.ranges import Interval, Range
from gradscope.sweeping.store import Kept, Store

Lines = Iterator[dict[str, Any]]

_ROWS_AT_ONCE = 10_000


class Table(Struct, frozen=True, kw_only=True):
    """What is exported: heads, and lines as dictionaries that can be gone through again and again."""

    design: Design
    heads: list[str]
    lines: Callable[[], Lines]


def table_of(store: Store, kept: Kept) -> Table:
    """The table of one of the sweeps in a store."""
    design = design_from_plain(kept.definition["design"])
    heads = headers(headings(design.names))

    def lines() -> Lines:
        for row in store.rows(kept.id):
            yield line(heads, design.values(row.number), row.columns)

    return Table(design=design, heads=heads, lines=lines)


def check_export(path: str) -> None:
    """Say before the work is done whether the file can be written after it.

    Raises:
        Mistake: it cannot.
    """
    suffix = os.path.splitext(path)[1].lower()
    folder = os.path.dirname(path) or os.curdir
    if suffix not in WRITERS:
        hint = suggest(suffix, WRITERS) or f"known are {', '.join(WRITERS)}"
        raise Mistake(f"the format of '{path}' is not known", hint)
    if os.path.isdir(path):
        raise Mistake(f"{path} is a folder", "name a file in it")
    if not os.path.isdir(folder):
        raise Mistake(f"there is no folder {folder}", "create it first")
    if suffix == ".parquet":
        _parquet()


def export(table: Table, path: str) -> None:
    """Write the table to a file, which is whole or not there.

    Raises:
        OSError: it cannot be written.
        Mistake: the format is not known, or needs a package that is missing.
    """
    check_export(path)
    path = os.path.realpath(path)
    handle, beside = tempfile.mkstemp(prefix=".gradscope-", dir=os.path.dirname(path))
    os.close(handle)
    try:
        WRITERS[os.path.splitext(path)[1].lower()](table, beside)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(beside, os.stat(path).st_mode & 0o7777 if os.path.exists(path) else 0o666 & ~mask)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def csv_lines(table: Table, stream: TextIO) -> None:
    """A line a point; empty where there is no number; nan, inf and -inf as words."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.heads)
    for values in table.lines():
        writer.writerow([_cell(head, values[head]) for head in table.heads])


def json_line(values: dict[str, Any]) -> str:
    """A point as one line of JSON."""
    return json.dumps(json_safe(values), allow_nan=False) + "\n"


def _write_csv(table: Table, path: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv_lines(table, stream)


def _write_jsonl(table: Table, path: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(map(json_line, table.lines()))


def _write_parquet(table: Table, path: str) -> None:
    pyarrow, parquet = _parquet()
    types = _types(table, pyarrow)
    schema = pyarrow.schema([(head, types[head]) for head in table.heads])
    texts = [head for head in table.heads if types[head] == pyarrow.string()]
    with parquet.ParquetWriter(path, schema) as writer:
        lines = table.lines()
        while rows := list(islice(lines, _ROWS_AT_ONCE)):
            for row in rows:
                row.update({head: _text(row[head]) for head in texts})
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))


def _parquet() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        fact = "the package pyarrow, which writes Parquet, is not installed"
        raise Mistake(fact, "pip install 'gradscope[parquet]', or export .jsonl") from error


def _types(table: Table, pyarrow: Any) -> dict[str, Any]:
    """The type of each column; an axis whose values are of several kinds is text."""
    names = headings(table.design.names)
    types = {names[axis.name]: _axis_type(axis, pyarrow) for axis in table.design.axes}
    for name in COLUMNS:
        types.setdefault(name, pyarrow.float64() if name in NUMBERS else pyarrow.string())
    types["parameters"] = pyarrow.int64()
    types["rules"] = pyarrow.list_(pyarrow.string())
    if "seed" not in table.design.names:
        types["seed"] = pyarrow.uint64()
    return types


def _axis_type(axis: Axis, pyarrow: Any) -> Any:
    if isinstance(axis.values, Interval):
        return pyarrow.float64()
    if isinstance(axis.values, Range):
        return pyarrow.int64() if axis.values.whole else pyarrow.float64()
    kinds = {type(value) for value in axis.values if value is not None}
    if kinds == {bool}:
        return pyarrow.bool_()
    if kinds == {int}:
        return _whole_type([value for value in axis.values if value is not None], pyarrow)
    return pyarrow.float64() if kinds and kinds <= {int, float} else pyarrow.string()


def _whole_type(values: list[int], pyarrow: Any) -> Any:
    """Seeds may go up to 2^64; what is larger still is a text."""
    low, high = min(values), max(values)
    if low >= -(2**63) and high < 2**63:
        return pyarrow.int64()
    return pyarrow.uint64() if low >= 0 and high < 2**64 else pyarrow.string()


def _cell(head: str, value: Any) -> Any:
    if head == "rules" and value is not None:
        return " ".join(value)
    return "" if value is None else _text(value)


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else yaml_text(value)


WRITERS: dict[str, Callable[[Table, str], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}
"""By the ending of the file."""
