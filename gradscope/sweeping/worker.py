"""What a worker does: one point after the other, each ending as a result or as why there is none.

NumPy is only loaded with the first point, after the environment says that BLAS is to use one thread.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
import zlib
from collections.abc import Sequence
from importlib import import_module
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING, Any, NamedTuple

from gradscope.errors import Place, Problem, UserError
from gradscope.sweeping.limits import TooLongError, time_limit

if TYPE_CHECKING:
    from gradscope.config.schema import Config
    from gradscope.report import Report
    from gradscope.sweeping.grid import Point
    from gradscope.sweeping.points import Base

_COMPRESSION = 1
"""zlib's fastest level, which brings reports down to a quarter of their size."""

_BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

_MAYBE_NOT_FINITE = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]", re.DOTALL)
"""A float of eight bytes in MessagePack whose exponent is all ones."""


class Result(NamedTuple):
    """What came of one point."""

    number: int
    values: tuple[Any, ...]
    key: str
    columns: tuple[Any, ...]
    """As `columns.COLUMNS` says."""
    report: bytes | None
    """The JSON report, compressed by zlib."""
    seconds: float
    version: str
    """The version of gradscope that computed it."""

    @property
    def error(self) -> str | None:
        """Why there is no report."""
        words: str | None = self.columns[-1]
        return words


class Task(NamedTuple):
    """Some points of one sweep."""

    base: Base
    names: tuple[str, ...]
    points: Sequence[Point]
    timeout: float | None = None
    """Seconds for each point."""
    memory: int | None = None
    """Bytes that held weights may take here; None where nobody knows the machine but the worker."""


def prepare() -> None:
    """Make this process a worker: one BLAS thread, deaf to Ctrl-C, gone when its parent is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=1, user_api="blas")
    os.environ.update(dict.fromkeys(_BLAS_VARIABLES, "1"))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def warm_up() -> int:
    """Load everything a point needs, and return the process's id."""
    for module in ("gradscope.diagnosis", "gradscope.sweeping.points", "gradscope.sweeping.columns"):
        import_module(module)
    return os.getpid()


def compute(task: Task) -> list[Result]:
    """The results of a task, in its order."""
    from gradscope.engine.random import NUMERICS

    if task.base.numerics != NUMERICS:
        fact = f"they compute with numerical version {NUMERICS}, the sweep with {task.base.numerics}"
        raise UserError([Problem(Place("workers"), fact, "install the same gradscope everywhere")])
    return [compute_point(task, point) for point in task.points]


def compute_point(task: Task, point: Point) -> Result:
    """The result of one point; whatever goes wrong with it is its result."""
    start = time.perf_counter()
    values = dict(zip(task.names, point.values, strict=True))
    key: str | None = None
    try:
        with time_limit(task.timeout):
            from gradscope.sweeping.points import point_key, resolve

            config = resolve(task.base, values)
            key = point_key(task.base, config)
            columns, report = _diagnosed(task, config)
    except TooLongError:
        error = f"took longer than {task.timeout:g} s"
    except Exception as exception:
        error = _words(exception)
    else:
        return _result(point, key, (*columns, None), report, start)
    return failure(task.base, task.names, point, error, key=key, seconds=time.perf_counter() - start)


def failure(
    base: Base,
    names: Sequence[str],
    point: Point,
    error: str,
    *,
    key: str | None = None,
    seconds: float = 0.0,
) -> Result:
    """The result of a point that has none, under the key of its config where it makes one."""
    from gradscope.sweeping.columns import unmeasured
    from gradscope.sweeping.points import key_of

    values = dict(zip(names, point.values, strict=True))
    key = key or key_of(base, values)
    columns = (*unmeasured(values), error)
    return _result(point, key, columns, None, time.perf_counter() - seconds)


def _diagnosed(task: Task, config: Config) -> tuple[tuple[Any, ...], bytes]:
    from gradscope.build.free_memory import held_share
    from gradscope.diagnosis import diagnose
    from gradscope.engine.threads import available_jobs
    from gradscope.sweeping.columns import measured

    memory = task.memory
    if memory is None:
        memory = held_share(None, available_jobs())  # a cluster has about one worker a processor
    base = task.base
    report = diagnose(config, jobs=1, memory=memory, select=base.select, ignore=base.ignore)
    return measured(report), zlib.compress(_json(report), _COMPRESSION)


def _json(report: Report) -> bytes:
    """The JSON report; msgspec alone writes it ten times as fast, but null for what is not finite, and no
    name of a file that is no text."""
    import msgspec

    try:
        is_plain = not _MAYBE_NOT_FINITE.search(msgspec.msgpack.encode(report))
    except UnicodeEncodeError:
        is_plain = False
    return msgspec.json.encode(report if is_plain else report.to_dict())


def _result(point: Point, key: str, columns: tuple[Any, ...], report: bytes | None, start: float) -> Result:
    from gradscope import __version__

    seconds = time.perf_counter() - start
    return Result(point.number, point.values, key, columns, report, seconds, __version__)


def _words(error: Exception) -> str:
    if isinstance(error, UserError):
        return "; ".join(map(str, error.problems))
    if isinstance(error, MemoryError):
        return f"not enough memory: {str(error) or 'no more could be had'}"
    return f"internal error: {type(error).__name__}: {error}"


def _end_with_parent() -> None:
    """Nobody else tells a worker that its parent was killed: it would wait for its next task for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
