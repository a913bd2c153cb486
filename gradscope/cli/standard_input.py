"""Standard input in the place of a config: how it is asked for, what it is called, and its text."""

import sys

import click

STDIN = "-"
_NAME = "<stdin>"


def named(source: str) -> tuple[str, str | None]:
    """What messages call a source, and its text where it is standard input and not a file to be read."""
    return (_NAME, standard_input()) if source == STDIN else (source, None)


def name_of(source: str) -> str:
    """What messages call a source."""
    return _NAME if source == STDIN else source


def standard_input() -> str:
    """The text on standard input; bytes that are no UTF-8 become characters that no config may hold."""
    from gradscope.config.document import MAX_FILE

    return sys.stdin.buffer.read(MAX_FILE + 1).decode("utf-8-sig", "surrogateescape")


def once(ctx: click.Context, parameter: click.Parameter, sources: tuple[str, ...]) -> tuple[str, ...]:
    """Sources of which one at most is standard input."""
    if sources.count(STDIN) > 1:
        raise click.BadParameter("standard input can be read only once; give - once", ctx, parameter)
    return sources
