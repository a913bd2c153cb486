"""What came of a call, written where the command line says: the report, and copies in other formats."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gradscope.cli.asked import USUAL, Looks
from gradscope.cli.options import Copy
from gradscope.cli.output import write
from gradscope.repository import Repository, find_repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradscope.render.options import RenderOptions
    from gradscope.render.outcome import Outcome

FOR_PEOPLE = frozenset({"table", "markdown", "png"})
"""Formats in which nothing to say is nothing to write; the others are whole documents even then."""


_BARE = frozenset({"csv", "png"})
"""Formats that hold no findings."""


def show(rendered: Callable[[RenderOptions], str | bytes], path: str | None, looks: Looks = USUAL) -> None:
    """Write what is rendered for where it goes: a file, or standard output.

    Raises:
        UserError: the file cannot be written.
    """
    from gradscope.cli.terminal import render_options

    options = render_options(to_file=path is not None, **looks._asdict())
    write(rendered(options), path, ansi=options.ansi)


def write_reports(
    outcome: Outcome, renderers: Mapping[str, str], copies: Iterable[Copy], looks: Looks
) -> None:
    """Write the outcome in each format to its file, or to standard output.

    Args:
        outcome: what came of the configs.
        renderers: the formats of the command.
        copies: where each goes, the report itself first.
        looks: how much of it is shown.

    Raises:
        UserError: a file cannot be written.
    """
    from gradscope.cli.terminal import render_options
    from gradscope.render import render

    for form, path in copies:
        options = render_options(to_file=path is not None, **looks._asdict())
        text = render(form, outcome, options, renderers)
        if text or form not in FOR_PEOPLE:
            write(text, path, ansi=options.ansi)


def shows_advice(copies: Iterable[Copy], *, quiet: bool) -> bool:
    """Whether any of the copies has room for what was tried; without, there is no need to try."""
    return any(copy.form not in _BARE and not (quiet and copy.form in FOR_PEOPLE) for copy in copies)


def here() -> Repository:
    """The repository around the folder that the process is in."""
    return find_repository(os.getcwd())
