"""The rules in words, all taken from the rules themselves. Knows no format."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gradscope.rules.base import Rule


def severity_words(rule: Rule) -> str:
    """The severities it reports, worst first."""
    return ", ".join(severity.name for severity in rule.severities)


def limit_words(rule: Rule) -> list[str]:
    """Each limit with its default, and with that for Adam where there is another."""
    return [
        f"{name} = {value:g}"
        + (f" ({rule.adam_limits[name]:g} under `optimizer: adam`)" if _differs(rule, name) else "")
        for name, value in rule.limits.items()
    ]


def setting(rule: Rule) -> str:
    """YAML that sets the rule as it is."""
    if not rule.limits:
        return f"rules:\n  {rule.id}: {rule.severities[0].name}  # or off\n"
    limits = "".join(f"    {name}: {value:g}\n" for name, value in rule.limits.items())
    return f"rules:\n  {rule.id}:  # or off, error, warning, note\n{limits}"


def suppression(rule: Rule) -> str:
    """The comment that silences the rule on a line."""
    return f"# gradscope: ignore[{rule.id}]"


def words_of(rule: Rule) -> Iterator[tuple[str, str]]:
    """What there is to say of a rule, each under its head."""
    yield "what", rule.summary
    yield "why", rule.why
    yield "measured as", rule.measured_as
    if rule.limits:
        yield "limits", "; ".join(limit_words(rule))
    yield "remedy", rule.remedy
    yield "source", rule.source


def as_dict(rule: Rule) -> dict[str, Any]:
    """Everything about a rule, as plain data."""
    return {
        "id": rule.id,
        "name": rule.name,
        "severities": [severity.name for severity in rule.severities],
        "verdict": rule.verdict,
        "limits": dict(rule.limits),
        "adam_limits": dict(rule.adam_limits),
        "summary": rule.summary,
        "why": rule.why,
        "measured_as": rule.measured_as,
        "remedy": rule.remedy,
        "source": rule.source,
        "fires_on": rule.fires_on,
        "silent_on": rule.silent_on,
    }


def document(rules: Iterable[Rule]) -> dict[str, Any]:
    """The rules as the JSON of both commands."""
    return {"schema_version": 1, "rules": [as_dict(rule) for rule in rules]}


def in_columns(rule: Rule) -> Mapping[str, str]:
    """The row of a rule in a list."""
    return {
        "rule": rule.id,
        "name": rule.name,
        "severities": severity_words(rule),
        "limits": "; ".join(limit_words(rule)),
        "summary": rule.summary,
    }


def _differs(rule: Rule, name: str) -> bool:
    return rule.adam_limits.get(name, rule.limits[name]) != rule.limits[name]
