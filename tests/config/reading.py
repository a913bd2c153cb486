"""Short ways to read a config in a test: to a Config, or to the messages a user sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradscope.config.load import read_config
from gradscope.config.schema import Config
from gradscope.errors import Problems

SMALL = "input: 8\nlayers:\n- dense: 4\n"


def read(text: str | bytes | Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Config:
    """The config; fails with the messages when there are any."""
    config, messages = read_with_messages(text, overrides)
    assert messages == []
    assert config is not None
    return config


def messages_of(
    text: str | bytes | Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> list[str]:
    """Every message, in the order of the file."""
    return read_with_messages(text, overrides)[1]


def read_with_messages(
    text: str | bytes | Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> tuple[Config | None, list[str]]:
    problems = Problems()
    if isinstance(text, Mapping):
        config = read_config(text, overrides, problems)
    else:
        config = read_config("net.yaml", overrides, problems, text=text)
    found = sorted(problems.found, key=lambda problem: (problem.place.line or 0, problem.place.column or 0))
    return config, [str(problem) for problem in found]
