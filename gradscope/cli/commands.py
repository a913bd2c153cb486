"""How a group finds its commands without loading them, and how a command ends when something goes wrong."""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from gradscope.cli.exits import INTERRUPTED
from gradscope.cli.failures import report_failure
from gradscope.cli.targets import check_targets
from gradscope.render.characters import visible


class Entry(NamedTuple):
    """Where a command lives, and what the list of commands says of it."""

    module: str
    function: str
    summary: str


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that `--help` stays instant."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return [*self.entries]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, loaded now."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(entry.module), entry.function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.entries.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but with a hint for a name nobody knows."""
        name = args[0]
        if name not in self.entries and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"there is no command '{visible(name)}'{self._hint(name)}")
        return super().resolve_command(ctx, args)

    def _hint(self, name: str) -> str:
        if name.endswith((".yaml", ".yml")) or os.path.exists(name):
            return f"; did you mean `gradscope run {visible(name)}`?"
        import difflib

        near = difflib.get_close_matches(name, self.entries, n=1)
        return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(self.entries)}"


class GuardedCommand(click.Command):
    """A command whose every failure ends in a line of words and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            check_targets(ctx)
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except Exception as error:
            ctx.exit(report_failure(error, verbose=ctx.params.get("verbose", False)))
