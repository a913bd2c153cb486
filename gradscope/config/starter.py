"""The config that somebody starts from; the text itself is a file beside this one."""

from pathlib import Path


def starter_text() -> str:
    """YAML, with comments."""
    return Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8")
