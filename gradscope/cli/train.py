"""`gradscope train`: a few steps of an optimiser, and what they do to the gradient and the units."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from gradscope.cli.asked import Asked, Looks, every_look, measuring_options, read_settings
from gradscope.cli.commands import GuardedCommand
from gradscope.cli.event_files import event_file, event_folder
from gradscope.cli.exits import FAIL_ON, INTERRUPTED, findings_code
from gradscope.cli.options import (
    Copy,
    at_most,
    check_pictures,
    fail_on_option,
    finite,
    format_option,
    option,
    output_option,
)
from gradscope.cli.standard_input import name_of
from gradscope.render.training import TRAINING_RENDERERS

if TYPE_CHECKING:
    from gradscope.config.schema import Config
    from gradscope.probe.steps import TrainingStep
    from gradscope.report import TrainingReport
    from gradscope.training.run import Told

OPTIMIZERS = ("sgd", "momentum", "adam", "adamw")
TARGETS = ("teacher", "random")


@click.command(cls=GuardedCommand)
@click.argument("source", metavar="CONFIG")
@option(
    "--steps",
    type=click.IntRange(1),
    metavar="N",
    check=at_most(10**9),
    help="Steps of the optimiser, by default 100.",
)
@option(
    "--lr",
    type=click.FloatRange(0.0),
    metavar="X",
    check=finite,
    help="Learning rate, by default 0.1 for sgd, 0.01 for momentum, 0.001 for adam and adamw.",
)
@option("--optimizer", type=click.Choice(OPTIMIZERS), help="As PyTorch defines them, by default sgd.")
@option(
    "--clip",
    type=click.FloatRange(0.0, min_open=True),
    metavar="C",
    check=finite,
    help="Clip to this global norm.",
)
@option(
    "--every",
    type=click.IntRange(1),
    metavar="K",
    check=at_most(10**9),
    help="Measure every K steps, by default about 25 times.",
)
@option(
    "--targets",
    type=click.Choice(TARGETS),
    help="What to learn where the data do not say, by default from the teacher, a fixed random network.",
)
@option(
    "--tensorboard",
    metavar="DIR",
    check=event_folder,
    help="Write curves and histograms for TensorBoard.",
)
@format_option(TRAINING_RENDERERS)
@output_option
@measuring_options()
@every_look
@fail_on_option("never")
def train(
    *,
    source: str,
    tensorboard: str | None,
    form: str,
    output: str | None,
    asked: Asked,
    looks: Looks,
    fail_on: str,
    **lesson: Any,
) -> None:
    """Train for a few steps, and show what becomes of gradient flow, loss and units.

    CONFIG is a YAML file; - reads standard input. What is not given is taken from its `training`. While it
    runs, a terminal shows a map of the gradient; elsewhere each measured step is a line on standard error.
    Ctrl-C ends the training, and the report is of the steps so far.

    \b
    Examples:
      gradscope train configs/deep_relu_he.yaml --steps 100 --lr 0.1
      gradscope train net.yaml --optimizer adam --lr 1e-3 --clip 1 --every 10
      gradscope train net.yaml --tensorboard runs/net
      gradscope train net.yaml --steps 500 --format json -o training.json
    """
    from gradscope.cli.reporting import here, show
    from gradscope.render.outcome import Outcome
    from gradscope.render.training import render_training

    check_pictures([Copy(form, output)])
    own = {f"training.{name}": value for name, value in lesson.items() if value is not None}
    config = _loaded(source, read_settings(asked.settings), asked.draws | own)
    report = _taught(config, asked, tensorboard, quiet=looks.quiet)
    outcome = Outcome((report,), fails_on=FAIL_ON[fail_on], repository=here())
    show(lambda options: render_training(form, outcome, options), output, looks)
    code = INTERRUPTED if report.ended == "interrupted" else findings_code(outcome)
    click.get_current_context().exit(code)


def _taught(config: Config, asked: Asked, tensorboard: str | None, *, quiet: bool) -> TrainingReport:
    from gradscope.cli.training_progress import training_progress
    from gradscope.engine.threads import one_blas_thread
    from gradscope.training.run import setup_of, train

    watched = training_progress(setup_of(config), quiet=quiet)
    with one_blas_thread(), event_file(tensorboard) as events, watched as progress:
        return train(
            config,
            progress=_both(progress, None if events is None else events.step),
            counted=None if events is None else events.counts,
            **asked.means,
        )


def _both(first: Told | None, second: Told | None) -> Told | None:
    if first is None or second is None:
        return first or second

    def tell(step: TrainingStep) -> None:
        first(step)
        second(step)

    return tell


def _loaded(source: str, settings: Mapping[str, Any], asked: Mapping[str, Any]) -> Config:
    """The config with what was asked for in place of its own, which must be sound all the same."""
    from gradscope.cli.sides import content_of
    from gradscope.loading import load_config

    # A file is read again, in whatever encoding it has; what can be read only once is not.
    text = None if os.path.isfile(source) else content_of(source)
    name = name_of(source)
    config = load_config(name, settings, text=text)
    return load_config(name, {**settings, **asked}, text=text) if asked else config
