"""A hash of what a config computes, which comments, order, formatting and explicit defaults do not change."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from msgspec import Struct

from gradscope.config.schema import Choice, Config

_UNTOLD = frozenset(
    {"description", "source", "params", "place", "places", "suppressed", "origin", "training"}
)
"""Fields that say where things stand or came from, what a comment does, or what comes after the start."""


def config_sha256(config: Config) -> str:
    """SHA-256 over the resolved config in canonical JSON, in hexadecimal; paths as written in the config."""
    told = _plain(config)
    del told["name"]
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Choice):
        return {value.name: value.options | value.written}
    if isinstance(value, Struct):
        fields = {
            name: _plain(getattr(value, name)) for name in value.__struct_fields__ if name not in _UNTOLD
        }
        tag = value.__struct_config__.tag
        return fields if tag is None else {"kind": tag, **fields}
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value
