"""Options that mean the same in every command, each at most once on a command line."""

import math
import os
import re
import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any, NamedTuple

import click

from gradscope.cli.exits import FAIL_ON
from gradscope.cli.failures import refusing

_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)\s*(?:([kmgt])(i)?)?b", re.IGNORECASE | re.ASCII)
"""1.5 GB, 512MiB, 4096B: a unit must be there, because bytes are hardly ever meant."""

STDOUT = "-"
"""As a FILE: standard output."""


class Copy(NamedTuple):
    """The report once more, in a format and a file of its own."""

    form: str
    path: str | None


Decorator = Callable[[Any], Any]
Check = Callable[[click.Context, click.Parameter, Any], Any]


def option(*names: str, default: Any = None, check: Check | None = None, **attributes: Any) -> Decorator:
    """An option with a value. Of two click takes the last, which hides a mistake; here two are an error."""

    def only(ctx: click.Context, parameter: click.Parameter, values: tuple[Any, ...]) -> Any:
        if len(values) > 1:
            raise click.UsageError(f"{parameter.opts[-1]} is given {len(values)} times; give it once", ctx)
        if not values:
            return default
        return values[0] if check is None else check(ctx, parameter, values[0])

    if default is not None:
        attributes |= {"default": (default,), "show_default": True}
    return click.option(*names, multiple=True, callback=only, **attributes)


def format_option(formats: Iterable[str]) -> Decorator:
    """--format; the first is the default."""
    names = [*formats]
    return option(
        "--format", "form", type=click.Choice(names), default=names[0], help="How the report is written."
    )


def quiet_option(shown: str = "One line a config") -> Decorator:
    """--quiet, with what is left then."""
    return click.option("-q", "--quiet", is_flag=True, callback=_not_with("verbose"), help=f"{shown}.")


def verbose_option(more: str | None = "Explain the columns") -> Decorator:
    """--verbose, with what it shows besides, if anything."""
    traceback = "show the traceback of an internal error."
    return click.option(
        "-v",
        "--verbose",
        is_flag=True,
        callback=_not_with("quiet"),
        help=f"{more}; {traceback}" if more else traceback.capitalize(),
    )


def fail_on_option(default: str) -> Decorator:
    """--fail-on, with the command's own default."""
    help_text = "Exit with 1 when there is a finding this bad or worse."
    return option("--fail-on", type=click.Choice([*FAIL_ON]), default=default, help=help_text)


def explain_option(*, default: bool) -> Decorator:
    """--explain, with the command's own default."""
    help_text = "Try remedies for what warns, and show the best one with its measured effect."
    return click.option(
        "--explain/--no-explain", "explains", default=default, show_default=True, help=help_text
    )


def report_option(formats: Iterable[str]) -> Decorator:
    """--report, as often as wanted."""
    names = [*formats]

    def copies(ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[Copy, ...]:
        return tuple(_copy(ctx, parameter, text, names) for text in texts)

    return click.option(
        "--report",
        "copies",
        metavar="FORMAT=FILE",
        multiple=True,
        callback=copies,
        help="Write the report to a file in another format besides, as in junit=report.xml. Repeatable.",
    )


def _copy(ctx: click.Context, parameter: click.Parameter, text: str, formats: list[str]) -> Copy:
    form, equals, path = text.partition("=")
    if not equals or not path:
        raise click.BadParameter(
            f"'{text}' is not FORMAT=FILE; write it like junit=report.xml", ctx, parameter
        )
    if form not in formats:
        known = ", ".join(formats)
        raise click.BadParameter(f"there is no format '{form}'; known are {known}", ctx, parameter)
    return Copy(form, writable(ctx, parameter, path))


def rule_prefixes(ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Rules by id or by how several of them begin, with commas between; one that nobody knows is refused."""
    names = tuple(name.strip() for text in texts for name in text.split(","))
    if names:
        from gradscope.rules.policy import known_prefixes

        with refusing(ctx, parameter):
            known_prefixes(names)
    return names


def check_choice(select: tuple[str, ...], ignore: tuple[str, ...]) -> None:
    """Refuse an --ignore that leaves no rule of those that are selected: of all, without --select.

    Raises:
        UsageError: nothing would be judged.
    """
    if ignore:
        from gradscope.rules.policy import chosen

        with refusing():
            chosen(select, ignore)


def check_pictures(copies: Iterable[Copy]) -> None:
    """Refuse a picture that nobody could draw, or look at, before the work is done.

    Raises:
        UsageError: matplotlib is missing, or the picture would go to a terminal.
    """
    for copy in copies:
        if copy.form != "png":
            continue
        if find_spec("matplotlib") is None:
            hint = "pip install 'gradscope[plot]', or take --format html, which needs nothing"
            raise click.UsageError(f"--format png is drawn by matplotlib, which is not installed; {hint}")
        if copy.path is None and sys.stdout.isatty():
            raise click.UsageError("a terminal cannot show a PNG; name a file with -o FILE")


def writable(ctx: click.Context, parameter: click.Parameter, path: str) -> str | None:
    """A file that can be written, or None for standard output; checked before the work is done, not after."""
    if path == STDOUT:
        return None
    if not path:
        raise click.BadParameter("the name is empty; name a file", ctx, parameter)
    folder = os.path.dirname(path) or os.curdir
    if os.path.isdir(path):
        raise click.BadParameter(f"{path} is a folder; name a file in it", ctx, parameter)
    if not os.path.isdir(folder):
        raise click.BadParameter(f"there is no folder {folder}; create it first", ctx, parameter)
    return path


def byte_size(ctx: click.Context, parameter: click.Parameter, text: str) -> int:
    """A number of bytes from a size like 1.5GB, 512MiB or 64kB."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise click.BadParameter(f"'{text}' is no size; write it like 4GB or 512MiB", ctx, parameter)
    number, prefix, binary = found.groups()
    factor = (1024 if binary else 1000) ** " kmgt".index((prefix or " ").lower())
    return min(int(float(number) * factor), sys.maxsize)


def at_most(largest: int) -> Check:
    """Refuses a number above the largest."""

    def check(ctx: click.Context, parameter: click.Parameter, value: int) -> int:
        if value > largest:
            raise click.BadParameter(f"{value} is too large; at most {largest} is possible", ctx, parameter)
        return value

    return check


def finite(ctx: click.Context, parameter: click.Parameter, value: float) -> float:
    """A number that is one."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is no finite number; write one like 0.1", ctx, parameter)
    return value


def _settings(ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"'{text}' is not KEY=VALUE; write it like depth=50", ctx, parameter)
        if key in settings:
            raise click.BadParameter(f"{key} is set twice; set it once", ctx, parameter)
        settings[key] = value
    return settings


def _not_with(other: str) -> Check:
    """Refuses a flag beside the `other`; each of the two checks it, as either may come first."""

    def check(ctx: click.Context, parameter: click.Parameter, value: bool) -> bool:
        if value and ctx.params.get(other):
            raise click.UsageError("--quiet and --verbose contradict each other; give one of them", ctx)
        return value

    return check


output_option = option(
    "-o", "--output", metavar="FILE", check=writable, help="Write the report to a file, not to the terminal."
)
baseline_option = option(
    "--baseline", metavar="FILE", help="Let only findings fail that this file of known ones has not."
)
write_baseline_option = option(
    "--write-baseline",
    metavar="FILE",
    check=writable,
    help="Write all findings to a file for --baseline, and exit with 0.",
)
set_option = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_settings,
    help="Set a knob, or a value by its dotted path (batch.size=16, layers.0.repeat=50). Repeatable.",
)
seed_option = option(
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    check=at_most(2**64 - 1),
    help="Seed, instead of the config's.",
)
trials_option = option(
    "--trials",
    type=click.IntRange(1),
    metavar="N",
    check=at_most(10**9),
    help="Independent draws, instead of the config's.",
)
jobs_option = option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Threads at most; the numbers do not depend on it."
)
memory_option = option(
    "--memory",
    metavar="SIZE",
    check=byte_size,
    help="What drawn weights may take, as in 4GB or 512MiB; half of what is free. Others are drawn again "
    "when needed; no number changes.",
)
select_option = click.option(
    "--select",
    metavar="RULES",
    multiple=True,
    callback=rule_prefixes,
    help="Judge by these rules only, and by GS401 as always: ids or their beginnings, as in GS1,GS201. "
    "Repeatable.",
)
ignore_option = click.option(
    "--ignore",
    metavar="RULES",
    multiple=True,
    callback=rule_prefixes,
    help="Leave these rules out. Repeatable.",
)
all_option = click.option(
    "--all", "all_layers", is_flag=True, help="A row for every layer, also those without weights."
)
full_option = click.option("--full", is_flag=True, help="Fold nothing, however long.")
