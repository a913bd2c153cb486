"""`gradscope rules`: list what is judged."""

import click

from gradscope.cli.commands import GuardedCommand
from gradscope.cli.options import format_option, output_option

FORMATS = ("table", "json", "csv", "markdown")


@click.command(cls=GuardedCommand)
@format_option(FORMATS)
@output_option
def rules(*, form: str, output: str | None) -> None:
    """List what is judged.

    Each rule with its severities, worst first; `gradscope explain RULE` says more.

    \b
    Examples:
      gradscope rules
      gradscope rules --format json -o rules.json
    """
    from gradscope.cli.reporting import show
    from gradscope.render.rule_list import LISTS
    from gradscope.rules import RULES

    show(lambda options: LISTS[form]([*RULES.values()], options), output)
