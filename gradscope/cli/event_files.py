"""The event files of TensorBoard: curves and histograms of a training, step by step while it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from gradscope.errors import Place, Problem, UserError, reason_of

if TYPE_CHECKING:
    from gradscope.probe.histograms import Histogram
    from gradscope.probe.steps import TrainingStep


def event_folder(ctx: click.Context, parameter: click.Parameter, path: str) -> str:
    """A folder for event files: a new one, or one without any, as two trainings in one could not be told
    apart."""
    if find_spec("tensorboardX") is None:
        raise click.BadParameter(
            "tensorboardX is not installed; pip install 'gradscope[tensorboard]'", ctx, parameter
        )
    if not path:
        raise click.BadParameter("the name is empty; name a folder", ctx, parameter)
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
    """Is told of measured steps, and writes them."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def step(self, step: TrainingStep) -> None:
        """The numbers of a step."""
        from gradscope.render.training.series import series

        for name, number in series(step):
            self._writer.add_scalar(name, number, step.step)

    def counts(self, step: int, histograms: Mapping[str, Histogram]) -> None:
        """The histograms of a step, which are those of the first trial."""
        for name, found in histograms.items():
            self._writer.add_histogram_raw(
                name,
                min=found.least,
                max=found.largest,
                num=sum(found.counts),
                sum=found.total,
                sum_squares=found.squares,
                bucket_limits=list(found.limits),
                bucket_counts=list(found.counts),
                global_step=step,
            )


@contextmanager
def event_file(folder: str | None) -> Iterator[EventFile | None]:
    """An event file in the folder, which is made; None without.

    Raises:
        UserError: it cannot be written.
    """
    if folder is None:
        yield None
        return
    from tensorboardX import SummaryWriter

    try:
        writer = SummaryWriter(folder)
    except OSError as error:
        fact = f"events cannot be written: {reason_of(error)}"
        raise UserError([Problem(Place(folder), fact, "name another folder with --tensorboard")]) from error
    try:
        yield EventFile(writer)
    finally:
        writer.close()
