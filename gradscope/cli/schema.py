"""`gradscope schema`: the JSON Schema of the config."""

import json

import click

from gradscope.cli.commands import GuardedCommand
from gradscope.cli.options import output_option
from gradscope.cli.output import write


@click.command(cls=GuardedCommand)
@output_option
def schema(*, output: str | None) -> None:
    """Print the JSON Schema of the config, for editors.

    An editor with the YAML language server follows the line
    `# yaml-language-server: $schema=gradscope.schema.json` at the top of a config.

    \b
    Examples:
      gradscope schema -o gradscope.schema.json
    """
    from gradscope.config.json_schema import Subject, config_schema
    from gradscope.rules import RULES

    rules = {
        rule.id: Subject(f"{rule.name}: {rule.summary}", rule.limits, rule.always) for rule in RULES.values()
    }
    write(json.dumps(config_schema(rules), indent=2) + "\n", output)
