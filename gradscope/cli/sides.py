"""The two sides of a comparison: configs, which are diagnosed now, and saved reports, told apart by what is
in the file."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gradscope.cli.asked import Asked, read_settings
from gradscope.cli.progress import Progress
from gradscope.cli.standard_input import STDIN, name_of
from gradscope.errors import Place, Problem, UserError

if TYPE_CHECKING:
    from gradscope.comparing.comparison import Side
    from gradscope.config.schema import Config
    from gradscope.report import Report

LARGEST = 1 << 28
"""Bytes of a report; one of ten thousand layers has a tenth of it."""


class _Found(NamedTuple):
    """One side before it is measured: a report, or a config that has to be."""

    label: str
    report: Report | None
    config: Config | None


def read_sides(sources: Sequence[str], asked: Asked, *, shows_progress: bool) -> tuple[Side, Side]:
    """Both sides, the configs among them diagnosed.

    Args:
        sources: two, or one config for both sides.
        asked: of which --set is for B alone where there is one source, else for every config.
        shows_progress: whether somebody is looking.

    Raises:
        UserError: with every mistake of both.
    """
    from gradscope.comparing.comparison import Side
    from gradscope.engine.threads import one_blas_thread

    found = _found(sources, asked)
    total = sum(side.config.trials for side in found if side.config is not None)
    with one_blas_thread(), Progress(total, shown=shows_progress) as progress:
        a, b = (Side(side.label, side.report or _diagnosed(side, asked, progress)) for side in found)
    return a, b


def _found(sources: Sequence[str], asked: Asked) -> list[_Found]:
    overrides = read_settings(asked.settings)
    if len(sources) == 1:
        sides = [(sources[0], {}), (sources[0], overrides)]
    else:
        sides = [(source, overrides) for source in sources]
    texts = {source: content_of(source) for source in sources}
    found, problems = [], []
    for source, settings in sides:
        try:
            found.append(_side(source, texts[source], settings, asked))
        except UserError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if not problems and asked.settings and all(side.config is None for side in found):
        fact = "--set changes configs, and only saved reports are given"
        problems.append(Problem(Place(sources[0]), fact, "give the config that it was made from"))
    if problems:
        raise UserError(problems)
    return found


def _side(source: str, content: str | None, overrides: Mapping[str, Any], asked: Asked) -> _Found:
    import msgspec

    from gradscope.comparing.saved import is_report, read_report
    from gradscope.loading import load_config

    name = name_of(source)
    if content is not None and is_report(content):
        return _Found(name, read_report(content, name), None)
    # A file is read again, in whatever encoding it has; what can be read only once is not.
    text = None if content is None or _is_file(source) else content
    config = load_config(name, overrides, text=text)
    config = msgspec.structs.replace(config, **asked.draws)
    words = [f"--set {key}={asked.settings[key]}" for key in overrides]
    return _Found(" ".join([name, *words]), None, config)


def _diagnosed(side: _Found, asked: Asked, progress: Progress) -> Report:
    from gradscope.diagnosis import diagnose

    assert side.config is not None  # or there was a report
    with progress.part(side.config.trials) as reach:
        return diagnose(side.config, progress=reach, **asked.means)


def content_of(source: str) -> str | None:
    """The text of a source; None where it cannot be read, which loading it as a config will say."""
    try:
        if source == STDIN:
            content = sys.stdin.buffer.read(LARGEST)
        else:
            with open(source, "rb") as stream:
                content = stream.read(LARGEST)
    except (OSError, ValueError):
        return None
    return content.decode("utf-8-sig", "surrogateescape")


def _is_file(source: str) -> bool:
    return source != STDIN and stat.S_ISREG(os.stat(source).st_mode)
