"""Short ways from a config in a test to its plan, its layers' names, or the messages a user sees."""

from collections.abc import Mapping
from typing import Any

from gradscope import ConfigError, load_config
from gradscope.build import Plan
from gradscope.errors import Problems


def plan_of(layers: list[Any], **rest: Any) -> Plan:
    """The plan of a trunk on six features, in float64."""
    return plan_of_config({"input": 6, "dtype": "float64", "layers": layers, **rest})


def plan_of_config(source: Mapping[str, Any]) -> Plan:
    """The plan; fails with the messages when there are any."""
    problems = Problems()
    plan = Plan(load_config(source), problems)
    problems.raise_any()
    return plan


def messages_of(text: str) -> list[str]:
    """Every message about a YAML text, in the order of the file; none when all is well."""
    try:
        load_config("net.yaml", text=text)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []
