"""A choice written on a command line, `leaky_relu` or `leaky_relu=0.2`, read as it would be in a config."""

from gradscope.config.choices import Table, read_choice
from gradscope.config.document import Document
from gradscope.config.reader import Reader
from gradscope.config.schema import Choice
from gradscope.config.source import parse_value
from gradscope.errors import Problems


def choice_from_text(table: Table, text: str, source: str) -> Choice:
    """The choice of a name with its options behind an equals sign, in YAML.

    Raises:
        ConfigError: there is no such name, or an option is wrong; all reasons at once.
    """
    name, equals, options = text.partition("=")
    value = {name.strip(): parse_value(options, source)} if equals else text.strip()
    problems = Problems()
    choice: Choice = read_choice(Reader(Document(source, value), problems), table, value, ())
    problems.raise_any()
    return choice
