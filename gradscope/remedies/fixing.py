"""From a config's file to the text of one that passes: reads, searches, rewrites, and reads again to be
sure."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from gradscope.build import check_network
from gradscope.config.digest import config_sha256
from gradscope.config.files import decode, read_bytes
from gradscope.config.load import read_config, read_document
from gradscope.config.schema import Config
from gradscope.errors import GradscopeError, Problems
from gradscope.remedies.search import Attempt, Fix, search
from gradscope.rules.policy import check_settings


class Found(Struct, frozen=True):
    """The search and the texts before and after."""

    fix: Fix
    source: str
    before: str
    text: str | None
    """The new config; None where nothing was found or needed."""

    @property
    def diff(self) -> tuple[str, ...]:
        """What the new text changes, as lines of a unified diff."""
        if self.text is None:
            return ()
        from gradscope.remedies.writing import difference

        return tuple(difference(self.before, self.text, self.source))


def fixed(
    source: str,
    overrides: Mapping[str, Any],
    *,
    text: str | None = None,
    asked: Mapping[str, int | None],
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    jobs: int | None = None,
    progress: Callable[[Attempt], None] | None = None,
) -> Found:
    """Search the smallest change that makes a config pass.

    Args:
        source: its path, or what the text is called.
        overrides: set from outside, before and after.
        text: the YAML itself where it is no file.
        asked: seed and trials instead of the config's, where not None.
        select: rules to judge by, all when empty.
        ignore: rules to leave out.
        jobs: threads at most.
        progress: told every attempt.

    Raises:
        ConfigError: the config cannot be read or built.
    """
    problems = Problems()
    content = text if text is not None else _read(source, problems)
    problems.raise_any()
    document = read_document(source, problems, text=content)
    problems.raise_any()
    assert document is not None  # or there was a problem
    folder = os.path.dirname(source) if text is None else ""
    config = _config(document, overrides, folder, problems)
    changes = {name: value for name, value in asked.items() if value is not None}
    config = msgspec.structs.replace(config, **changes) if changes else config
    fix = search(
        config,
        document,
        dict(overrides),
        folder=folder,
        select=select,
        ignore=ignore,
        jobs=jobs,
        progress=progress,
    )
    after = None
    if fix.found is not None:
        from gradscope.remedies.writing import rewritten

        after = rewritten(content, fix.found.changes)
        _check(after, fix.found, source=source, folder=folder, overrides=overrides, asked=changes)
    return Found(fix, source, content, after)


def _read(source: str, problems: Problems) -> str:
    content = read_bytes(source, problems)
    return (decode(content, source, problems) if content is not None else None) or ""


def _config(document: Any, overrides: Mapping[str, Any], folder: str, problems: Problems) -> Config:
    config = read_config(document, overrides, problems, folder=folder)
    if config is not None:
        check_settings(config, problems)
        check_network(config, problems)
    problems.raise_any()
    assert config is not None  # or there was a problem
    return config


def _check(
    text: str,
    found: Attempt,
    *,
    source: str,
    folder: str,
    overrides: Mapping[str, Any],
    asked: Mapping[str, int],
) -> None:
    """What was measured is what is written, to the last value."""
    problems = Problems()
    document = read_document(source, problems, text=text)
    config = read_config(document, overrides, problems, folder=folder) if document is not None else None
    same = config is not None and config_sha256(
        msgspec.structs.replace(config, **asked) if asked else config
    ) == config_sha256(found.config)
    if problems.found or not same:
        raise GradscopeError("the new config could not be written so that it means what was measured")
