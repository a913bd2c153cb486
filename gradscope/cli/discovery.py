"""From the paths of a command line to configs: files as they are named, folders searched for YAML files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from gradscope.cli.devices import is_device
from gradscope.cli.standard_input import STDIN
from gradscope.errors import Place, Problem, reason_of

if TYPE_CHECKING:
    from gradscope.render.outcome import Failure

SUFFIXES = (".yaml", ".yml")


class Found(NamedTuple):
    """What there is to check, each once, and the files of folders that are no configs."""

    sources: tuple[str | Failure, ...]
    skipped: tuple[str, ...]


def find_configs(paths: Iterable[str]) -> Found:
    """The configs of all paths, in the order of the paths and, within a folder, of their names.

    A file that is named counts whatever it holds; in a folder, and all folders in it but hidden ones, those
    that look like a config. A folder without any is a failure, as nobody would name it for nothing.
    """
    sources: dict[str, str | Failure] = {}
    skipped: dict[str, str] = {}
    for path in paths:
        if path == STDIN or not os.path.isdir(path):
            sources.setdefault(_identity(path), path)
            continue
        found = _Folder(path)
        for file in found.configs:
            sources.setdefault(_identity(file), file)
        for failure in found.failures:
            sources.setdefault(failure.source, failure)
        skipped |= {_identity(file): file for file in found.others}
    return Found(
        tuple(sources.values()), tuple(file for name, file in skipped.items() if name not in sources)
    )


def _identity(path: str) -> str:
    return path if path == STDIN else os.path.normcase(os.path.abspath(path))


class _Folder:
    """What one folder holds."""

    def __init__(self, path: str) -> None:
        from gradscope.config.recognition import is_config

        self.configs: list[str] = []
        self.others: list[str] = []
        self.failures: list[Failure] = []
        for file in self._files(path):
            # Who reads a pipe may wait for ever.
            (self.others if is_device(file) or not is_config(file) else self.configs).append(file)
        if not self.configs and not self.failures:
            fact = "there is no config in this folder"
            self._fail(path, fact, "a config is a .yaml or .yml file with the keys `input` and `layers`")

    def _files(self, path: str) -> Iterator[str]:
        for folder, folders, files in os.walk(path, onerror=self._unreadable):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (
                os.path.normpath(os.path.join(folder, name))
                for name in sorted(files)
                if name.lower().endswith(SUFFIXES)
            )

    def _unreadable(self, error: OSError) -> None:
        fact = f"the folder cannot be read: {reason_of(error)}"
        self._fail(str(error.filename), fact, "check its permissions")

    def _fail(self, folder: str, fact: str, hint: str) -> None:
        from gradscope.render.outcome import Failure

        self.failures.append(Failure(folder, (Problem(Place(folder), fact, hint),)))
