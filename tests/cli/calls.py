"""Calls of the command line inside this process, and a `diagnose` that answers at once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from gradscope.cli.root import root
from gradscope.config.schema import Config
from gradscope.report import Report
from tests.render import reports

SMALL = "input: 4\nlayers: [{dense: 8}, relu, {dense: 2}]\n"
BROKEN = "input: 4\nlayers:\n  - dense: 8\n  - rleu\nseed: -1\n"


def call(*args: str | Path, stdin: str | bytes | None = None) -> Result:
    """`gradscope ARGS`, with exit code, stdout and stderr apart."""
    return CliRunner().invoke(root, [str(arg) for arg in args], input=stdin, prog_name="gradscope")


def small(folder: Path, name: str = "small", text: str = SMALL) -> Path:
    """A config file in the folder."""
    file = folder / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


class Diagnosed:
    """Stands in for `diagnose`: remembers what it was asked, and answers with a report made by hand."""

    def __init__(self, answers: Mapping[str, Callable[[], Report]]) -> None:
        self.answers = answers
        self.configs: list[Config] = []
        self.options: list[dict[str, Any]] = []

    def __call__(self, config: Config, **options: Any) -> Report:
        self.configs.append(config)
        self.options.append(options)
        made = self.answers.get(config.name, reports.single)()
        return msgspec.structs.replace(made, name=config.name, source=config.source)


def diagnosed(
    monkeypatch: pytest.MonkeyPatch, answers: Mapping[str, Callable[[], Report]] | None = None
) -> Diagnosed:
    """Put a `Diagnosed` in the place of `diagnose`; it answers by the config's name."""
    stand_in = Diagnosed(answers or {})
    monkeypatch.setattr("gradscope.diagnosis.diagnose", stand_in)
    return stand_in


def raising(error: BaseException) -> Callable[[], Report]:
    """An answer that is an exception."""

    def answer() -> Report:
        raise error

    return answer
