"""A config from a file, text or dictionary, checked by every room that has something to check."""

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from gradscope.build import check_network
from gradscope.config.load import read_config
from gradscope.config.schema import Config, Origin
from gradscope.errors import Problems
from gradscope.rules.policy import check_settings


def load_config(
    source: str | os.PathLike[str] | Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    *,
    text: str | None = None,
) -> Config:
    """Read a config and check all of it.

    Args:
        source: a path, or the same as a dictionary.
        overrides: knobs by name, or values by dotted path (`batch.size`, `layers.0.repeat`).
        text: the YAML itself; `source` then only names it.

    Raises:
        ConfigError: with every mistake that was found, each with its place.
    """
    problems = Problems()
    config = read_config(source, overrides, problems, text=text)
    if config is not None:
        origin = Origin(
            source=dict(source) if isinstance(source, Mapping) else os.fsdecode(source),
            overrides=dict(overrides or {}),
            text=text,
        )
        config = msgspec.structs.replace(config, origin=origin)
        check_settings(config, problems)
        check_network(config, problems)  # of the very config that is returned: its plan is used again
    problems.raise_any()
    assert config is not None  # without a config there was a problem
    return config
