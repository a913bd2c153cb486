"""Where the points of a sweep go: lines of JSON while they come, exports and the report at the end."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from gradscope.cli.asked import Looks
from gradscope.cli.reporting import show
from gradscope.errors import Mistake, Place, Problem, UserError, reason_of

if TYPE_CHECKING:
    from gradscope.cli.sweeps import Request
    from gradscope.render.options import RenderOptions
    from gradscope.sweeping.exports import Table
    from gradscope.sweeping.outcome import SweepPoint
    from gradscope.sweeping.summary import Summary


class JsonLines:
    """Points as lines of JSON while they come, where that is asked for."""

    def __init__(self, path: str | None, *, is_wanted: bool) -> None:
        self._path = path
        self._is_wanted = is_wanted
        self._stream: TextIO | None = None

    def __enter__(self) -> Self:
        if self._is_wanted:
            try:
                self._stream = sys.stdout if self._path is None else open(self._path, "w", encoding="utf-8")
            except OSError as error:
                raise _unwritable(str(self._path), error, "-o") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._path is not None and self._stream is not None:
            try:
                self._stream.close()
            except OSError as failure:
                # What a full disk did not take before is still buffered: that was told already.
                if error is None:
                    raise _unwritable(self._path, failure, "-o") from failure

    def write(self, points: list[SweepPoint]) -> bool:
        """False when nobody reads them any more."""
        if self._stream is None:
            return True
        from gradscope.sweeping.exports import json_line

        try:
            self._stream.writelines(json_line(point.to_dict()) for point in points)
            self._stream.flush()
        except BrokenPipeError:
            # What is still buffered must not fail at the exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return False
        except OSError as error:
            raise _unwritable(self._path or "standard output", error, "-o") from error
        return True


def write_sweep(request: Request, digest: str | None) -> int:
    """Write the exports and the report of a sweep, and return how many of its points failed.

    Args:
        request: where to, and how.
        digest: of the sweep, whose lines of JSON are written by then; None for the one that was used last.

    Raises:
        UserError: there is no such sweep, or a file cannot be written.
    """
    from gradscope.sweeping.exports import table_of
    from gradscope.sweeping.store import Store
    from gradscope.sweeping.summary import summarise

    with Store(request.store, writable=False) as store:
        kept = next((each for each in store.sweeps() if digest in (None, each.digest)), None)
        if kept is None:
            raise UserError([Problem(Place(request.store), "there is no sweep in it", "run one first")])
        table = table_of(store, kept)
        for path in request.exports:
            _export(table, path)
        if request.form != "jsonl" or digest is None:
            render = partial(_FORMS[request.form], table, lambda: summarise(store, kept))
            show(render, request.output, Looks(quiet=request.quiet))
        return store.count(kept.id) - store.count(kept.id, with_failed=False)


def _export(table: Table, path: str) -> None:
    from gradscope.sweeping.exports import export

    try:
        export(table, path)
    except Mistake as mistake:
        raise UserError([Problem(Place(path), mistake.fact, mistake.hint)]) from mistake
    except OSError as error:
        raise _unwritable(path, error, "--export") from error


def _unwritable(path: str, error: OSError, option: str) -> UserError:
    fact = f"this cannot be written: {reason_of(error)}"
    return UserError([Problem(Place(path), fact, f"name another file with {option}")])


Summarise = Callable[[], "Summary"]


def _table(table: Table, summarise: Summarise, options: RenderOptions) -> str:
    from gradscope.render.sweep_table import render

    return render(summarise(), options)


def _markdown(table: Table, summarise: Summarise, options: RenderOptions) -> str:
    from gradscope.render.sweep_markdown import render

    return render(summarise(), options)


def _json(table: Table, summarise: Summarise, options: RenderOptions) -> str:
    from gradscope.render.sweep_json import render

    return render(summarise(), table.lines())


def _csv(table: Table, summarise: Summarise, options: RenderOptions) -> str:
    from gradscope.sweeping.exports import csv_lines

    text = io.StringIO()
    csv_lines(table, text)
    return text.getvalue()


def _jsonl(table: Table, summarise: Summarise, options: RenderOptions) -> str:
    from gradscope.sweeping.exports import json_line

    return "".join(map(json_line, table.lines()))


def _html(table: Table, summarise: Summarise, options: RenderOptions) -> str:
    from gradscope.render.html.sweep import render

    return render(summarise(), options)


def _png(table: Table, summarise: Summarise, options: RenderOptions) -> bytes:
    from gradscope.render.png.sweep import render

    return render(summarise(), options)


_FORMS: dict[str, Callable[[Table, Summarise, RenderOptions], str | bytes]] = {
    "table": _table,
    "markdown": _markdown,
    "json": _json,
    "csv": _csv,
    "jsonl": _jsonl,
    "html": _html,
    "png": _png,
}
