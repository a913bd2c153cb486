"""The progress of a training on standard error: a live map of the gradient on a terminal, a log elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from time import perf_counter
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from gradscope.cli.failures import say
from gradscope.cli.late_display import LateDisplay
from gradscope.cli.terminal import progress_lines, progress_options, shows_progress

if TYPE_CHECKING:
    from rich.console import Console

    from gradscope.probe.steps import TrainingStep
    from gradscope.report import TrainingSetup

Tell = Callable[["TrainingStep"], None]

DELAY_SECONDS = 0.5
"""A training that is over sooner is shown by its report alone."""
REDRAW_SECONDS = 0.1
"""From one map to the next at least; to draw one takes longer than a step of a small network."""
BELOW = 2
"""Lines of the terminal below the map, without which rich cannot take it away again."""


@contextmanager
def training_progress(setup: TrainingSetup, *, quiet: bool) -> Iterator[Tell | None]:
    """What is to be told of each measured step; None where nobody wants to know."""
    if quiet:
        yield None
    elif shows_progress(quiet):
        with _live(setup) as tell:
            yield tell
    else:
        yield _logged(setup)


def _logged(setup: TrainingSetup) -> Tell:
    def tell(step: TrainingStep) -> None:
        from gradscope.render.training.words import step_words

        say(step_words(step, setup.steps))

    return tell


@contextmanager
def _live(setup: TrainingSetup) -> Iterator[Tell]:
    """The map grows in its place, and vanishes at the end."""
    steps: list[TrainingStep] = []
    # Asked now: while the map stands, rich has a stream of its own in place of the terminal.
    look = progress_options()

    def change(live: Any) -> None:
        from rich.text import Text

        from gradscope.render.training.live import live_text

        options = replace(look, width=progress_options().width)
        text = live_text(setup, steps, options, lines=max(0, progress_lines() - BELOW))
        # Cut where the terminal is narrower still than what is laid out: a line that wraps is never erased.
        live.update(Text.from_ansi(text, no_wrap=True, overflow="crop"), refresh=True)

    with LateDisplay(_map, shown=True, seconds=DELAY_SECONDS) as display:
        begun, drawn = perf_counter(), -math.inf

        def tell(step: TrainingStep) -> None:
            nonlocal drawn
            steps.append(step)
            now = perf_counter()
            if now - drawn < REDRAW_SECONDS:
                return
            if now - begun > DELAY_SECONDS:
                # The display's own thread loads it too, but for seconds, beside steps that are all Python.
                import_module("rich.live")
            display.update(change)
            drawn = perf_counter()

        yield tell


def _map(console: Console) -> Any:
    from rich.live import Live

    return Live(console=console, auto_refresh=False, transient=True)
