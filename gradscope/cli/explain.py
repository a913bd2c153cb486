"""`gradscope explain`: rules in full."""

import click

from gradscope.cli.commands import GuardedCommand
from gradscope.cli.options import format_option, output_option, rule_prefixes

FORMATS = ("table", "json", "markdown")


@click.command(cls=GuardedCommand)
@click.argument("names", nargs=-1, required=True, metavar="RULE...", callback=rule_prefixes)
@format_option(FORMATS)
@output_option
def explain(*, names: tuple[str, ...], form: str, output: str | None) -> None:
    """Explain rules: what, why, limits, remedy, source, examples.

    RULE is an id, or the beginning of several.

    \b
    Examples:
      gradscope explain GS101
      gradscope explain GS2 GS401
      gradscope explain GS --format markdown -o rules.md
    """
    from gradscope.cli.reporting import show
    from gradscope.render.explanation import EXPLANATIONS
    from gradscope.rules import RULES

    chosen = [rule for rule in RULES.values() if rule.id.startswith(names)]
    show(lambda options: EXPLANATIONS[form](chosen, options), output)
