"""The event files of TensorBoard: curves and histograms of a training, step by step while it runs."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from socket import gethostname
from threading import Lock
from typing import TYPE_CHECKING, Any

import click

from gradscope.errors import Place, Problem, UserError, reason_of

if TYPE_CHECKING:
    from gradscope.probe.histograms import Histogram
    from gradscope.probe.steps import TrainingStep


FLUSH_SECONDS = 5.0
"""After which TensorBoard sees what was measured; each time the disk is waited for."""


def event_folder(ctx: click.Context, parameter: click.Parameter, path: str) -> str:
    """A folder for event files: a new one, or one without any, as two trainings in one could not be told
    apart."""
    if find_spec("tensorboardX") is None:
        raise click.BadParameter(
            "tensorboardX is not installed; pip install 'gradscope[tensorboard]'", ctx, parameter
        )
    if not path:
        raise click.BadParameter("the name is empty; name a folder", ctx, parameter)
    if "://" in path:  # which tensorboardX would take for a place in a cloud
        raise click.BadParameter(
            f"{path} is no folder of this machine; name one, and copy it there", ctx, parameter
        )
    if os.path.exists(path) and not os.path.isdir(path):
        raise click.BadParameter(f"{path} is a file; name a folder", ctx, parameter)
    try:
        names = os.listdir(path) if os.path.isdir(path) else []
    except OSError as error:
        fact = f"cannot read {path}: {reason_of(error).lower()}; name another"
        raise click.BadParameter(fact, ctx, parameter) from error
    if any("tfevents" in name for name in names):
        raise click.BadParameter(f"{path} has events of an earlier run; name another folder", ctx, parameter)
    return path


class EventFile:
    """Is told of measured steps, and writes them at once.

    The `SummaryWriter` of tensorboardX hands events to a thread, and waits for it without end when that could
    not write.
    """

    def __init__(self, folder: str) -> None:
        """Begin a file in the folder, which is made."""
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.record_writer import RecordWriter, directory_check

        self._folder, self._flushed, self._lock = folder, -math.inf, Lock()
        name = f"events.out.tfevents.{int(time.time())}.{gethostname()}"
        with self._told():
            directory_check(folder)
            self._file = RecordWriter(os.path.join(folder, name))
            self._file.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())

    def step(self, step: TrainingStep) -> None:
        """The numbers of a step."""
        from tensorboardX.proto.summary_pb2 import Summary

        from gradscope.render.training.series import series

        # Not by `scalar` of tensorboardX, which warns of every NaN: the curve shows that there is one.
        values = (Summary.Value(tag=name, simple_value=number) for name, number in series(step))
        self._write((Summary(value=[value]) for value in values), step.step)

    def counts(self, step: int, histograms: Mapping[str, Histogram]) -> None:
        """The histograms of a step, which are those of the first trial."""
        from tensorboardX.summary import histogram_raw

        summaries = (
            histogram_raw(
                name,
                min=found.least,
                max=found.largest,
                num=sum(found.counts),
                sum=found.total,
                sum_squares=found.squares,
                bucket_limits=list(found.limits),
                bucket_counts=list(found.counts),
            )
            for name, found in histograms.items()
        )
        self._write(summaries, step)

    def close(self) -> None:
        """Write what is still to be written."""
        with self._told():
            self._file.close()

    def _write(self, summaries: Iterable[Any], step: int) -> None:
        from tensorboardX.proto.event_pb2 import Event

        with self._told(), self._lock:
            for summary in summaries:
                event = Event(summary=summary, step=step, wall_time=time.time())
                self._file.write(event.SerializeToString())
            if time.monotonic() - self._flushed >= FLUSH_SECONDS:
                self._file.flush()
                self._flushed = time.monotonic()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            fact = f"events cannot be written: {reason_of(error)}"
            raise UserError(
                [Problem(Place(self._folder), fact, "name another folder with --tensorboard")]
            ) from error


@contextmanager
def event_file(folder: str | None) -> Iterator[EventFile | None]:
    """An event file in the folder; None without.

    Raises:
        UserError: it cannot be written, now or later.
    """
    if folder is None:
        yield None
        return
    events = EventFile(folder)
    try:
        yield events
    except UserError:
        # What failed to be written would only fail again.
        with suppress(UserError):
            events.close()
        raise
    events.close()
