"""A Dask cluster that computes: an existing one by the address of its scheduler, or one on this machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from gradscope.errors import Place, Problem, UserError
from gradscope.sweeping.executors import Crew, WorkerDiedError

LOCAL = "local"
"""As a scheduler: a cluster of our own."""

CHUNK_SECONDS = 1.0
"""A scheduler handles about a thousand tasks a second: with tasks this long it feeds a thousand workers."""

CONNECT_SECONDS = 10
REFRESH_SECONDS = 2.0


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
    with _client(distributed, scheduler, jobs) as client:
        if not client.nthreads():
            notify("the cluster has no workers yet; waiting for them")
        executor = client.get_executor(pure=False)
        try:
            yield Crew(executor, _Slots(client), CHUNK_SECONDS, (WorkerDiedError, distributed.KilledWorker))
        finally:
            executor.shutdown(wait=False)


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
            distributed.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            distributed.Client(cluster) as client,
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


def _problem(scheduler: str, fact: str, hint: str) -> UserError:
    return UserError([Problem(Place(f"--dask {scheduler}"), fact, hint)])
