"""A Dask cluster that computes: an existing one by the address of its scheduler, or one on this machine."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from gradscope.errors import Place, Problem, UserError
from gradscope.sweeping.executors import Crew, WorkerDiedError, deaf_to_interrupts

LOCAL = "local"
"""As a scheduler: a cluster of our own."""

CHUNK_SECONDS = 1.0
"""A scheduler handles about a thousand tasks a second: with tasks this long it feeds a thousand workers."""

CONNECT_SECONDS = 10
REFRESH_SECONDS = 2.0

_LOGGERS = ("distributed", "distributed.client", "tornado", "tornado.application")
"""Those that Dask gives handlers of their own."""


@contextmanager
def dask_crew(scheduler: str, jobs: int, notify: Callable[[str], None]) -> Iterator[Crew]:
    """The workers of a cluster while the block runs.

    Args:
        scheduler: its address (`tcp://host:8786`), or `local` for a cluster of `jobs` processes here.
        jobs: processes of a local cluster.
        notify: told in words what the user should know, such as that there are no workers yet.

    Raises:
        UserError: Dask is not installed, or there is no scheduler.
    """
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        fact = "the package distributed is not installed"
        raise _problem(scheduler, fact, "pip install 'gradscope[dask]'") from error
    with _silenced_logs(), _client(distributed, scheduler, jobs) as client:
        if not client.nthreads():
            notify("the cluster has no workers yet; waiting for them")
        executor = ClusterTasks(client)
        try:
            yield Crew(executor, _Slots(client), CHUNK_SECONDS, (WorkerDiedError, distributed.KilledWorker))
        finally:
            executor.shutdown(wait=False)


class ClusterTasks(Executor):
    """Tasks of a Dask client, each of which comes to an end whenever its worker dies.

    Those of `Client.get_executor` do not (2026.8): one whose result is lost with its worker while it is
    fetched stays pending for ever when it fails after that, or fails with a ValueError of theirs.
    """

    def __init__(self, client: Any) -> None:
        """Hand tasks to that client."""
        self._client = client
        self._waiting: set[Any] = set()
        """Dask's futures of what is not finished."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future result of a call on whichever worker the scheduler chooses."""
        task = self._client.submit(fn, *args, pure=False, **kwargs)
        self._waiting.add(task)
        future: Future[Any] = Future()
        self._client.loop.add_callback(self._deliver, task, future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take back what is not finished."""
        self._client.cancel([*self._waiting], force=True)

    async def _deliver(self, task: Any, future: Future[Any]) -> None:
        try:
            result = await self._client.gather(task, asynchronous=True)
        except (futures.CancelledError, asyncio.CancelledError):
            future.cancel()
            future.set_running_or_notify_cancel()
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            self._waiting.discard(task)


@contextmanager
def _silenced_logs() -> Iterator[None]:
    """What happens to workers and schedulers is told as the results of points, or as one error."""
    handlers = {handler for name in _LOGGERS for handler in logging.getLogger(name).handlers}
    levels = {handler: handler.level for handler in handlers}
    for handler in handlers:
        handler.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for handler, level in levels.items():
            handler.setLevel(level)


class _Slots:
    """The threads of all workers, asked for now and then: a cluster grows and shrinks."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known = 1
        self._asked = float("-inf")

    def __call__(self) -> int:
        now = time.monotonic()
        if now - self._asked > REFRESH_SECONDS:
            self._asked = now
            self._known = max(1, sum(self._client.nthreads().values()))
        return self._known


@contextmanager
def _client(distributed: Any, scheduler: str, jobs: int) -> Iterator[Any]:
    if scheduler == LOCAL:
        with (
            _local_cluster(distributed, jobs) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        fact = f"there is no Dask scheduler: {error}"
        raise _problem(scheduler, fact, "write its address like tcp://host:8786, or --dask local") from error
    with client:
        yield client


def _local_cluster(distributed: Any, jobs: int) -> Any:
    with deaf_to_interrupts():
        return distributed.LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            dashboard_address=None,
            # Nor is there to be a port that is taken, or that others can reach.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
        )


def _problem(scheduler: str, fact: str, hint: str) -> UserError:
    return UserError([Problem(Place(f"--dask {scheduler}"), fact, hint)])
