"""From a config's file to the text of one that passes: reads, searches, rewrites, and reads again to be
sure."""

import codecs
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
from gradscope.diagnosis import diagnose
from gradscope.errors import GradscopeError, Mistake, Place, Problem, Problems, UserError
from gradscope.remedies.search import Attempt, Fix, search
from gradscope.remedies.trials import Workshop
from gradscope.rules.policy import check_settings


class Source(Struct, frozen=True):
    """The text of a config and where it came from."""

    name: str
    text: str
    folder: str = ""
    has_mark: bool = False
    """Whether the file begins with a byte order mark, which is no part of the text."""


class Found(Struct, frozen=True):
    """The search and the texts before and after."""

    fix: Fix
    source: Source
    text: str | None
    """The new config; None where nothing was found or needed."""

    data_file: str | None
    """A file it reads, where that is written relative to its folder."""

    @property
    def written(self) -> str:
        """The new config as its file begins."""
        return ("\ufeff" if self.source.has_mark else "") + (self.text or "")

    @property
    def diff(self) -> tuple[str, ...]:
        """What the new text changes, as lines of a unified diff."""
        if self.text is None:
            return ()
        from gradscope.remedies.writing import difference

        return tuple(difference(self.source.text, self.text, self.source.name))


def read_file(path: str) -> Source:
    """The text of a config's file.

    Raises:
        ConfigError: it cannot be read, or is no text.
    """
    problems = Problems()
    content = read_bytes(path, problems)
    text = decode(content, path, problems) if content is not None else None
    problems.raise_any()
    assert content is not None  # or there was a problem
    assert text is not None
    return Source(path, text, os.path.dirname(path), content.startswith(codecs.BOM_UTF8))


def fixed(
    source: Source,
    overrides: Mapping[str, Any],
    *,
    asked: Mapping[str, int],
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    jobs: int | None = None,
    memory: int | None = None,
    progress: Callable[[Attempt], None] | None = None,
) -> Found:
    """Search the smallest change that makes a config pass.

    Args:
        source: its text.
        overrides: set from outside, before and after.
        asked: seed and trials instead of the config's.
        select: rules to judge by, all when empty.
        ignore: rules to leave out.
        jobs: threads at most.
        memory: bytes that drawn weights may take.
        progress: told every attempt.

    Raises:
        ConfigError: the config cannot be read or built.
        UserError: a config that passes was found, but its YAML cannot be written back.
    """
    problems = Problems()
    document = read_document(source.name, problems, text=source.text)
    problems.raise_any()
    assert document is not None  # or there was a problem
    config = read_config(document, overrides, problems, folder=source.folder)
    if config is not None:
        check_settings(config, problems)
        check_network(config, problems)
    problems.raise_any()
    assert config is not None
    config = msgspec.structs.replace(config, **asked) if asked else config
    chosen, left_out = tuple(select), tuple(ignore)

    def measured(tried: Config) -> Any:
        return diagnose(tried, select=chosen, ignore=left_out, jobs=jobs, memory=memory)

    workshop = Workshop(config, document, overrides, source.folder)
    fix = search(workshop, measured(config), measured, progress)
    text = _rewritten(source, fix.found, overrides, asked) if fix.found else None
    return Found(fix, source, text, _data_file(config))


def _data_file(config: Config) -> str | None:
    path = config.batch.inputs.written.get("path")
    return path if isinstance(path, str) and not os.path.isabs(path) else None


def _rewritten(source: Source, found: Attempt, overrides: Mapping[str, Any], asked: Mapping[str, int]) -> str:
    """The new text; what was measured is what is written, to the last value."""
    from gradscope.remedies.writing import rewritten

    try:
        text = rewritten(source.text, found.trial.steps)
    except Mistake as mistake:
        fact = f"{found.words} helps, but cannot be written into this file: {mistake.fact}"
        raise UserError([Problem(Place(source.name), fact, mistake.hint)]) from mistake
    problems = Problems()
    document = read_document(source.name, problems, text=text)
    config = (
        read_config(document, overrides, problems, folder=source.folder) if document is not None else None
    )
    if config is not None and asked:
        config = msgspec.structs.replace(config, **asked)
    if problems.found or config is None or config_sha256(config) != config_sha256(found.trial.config):
        raise GradscopeError("the new config could not be written so that it means what was measured")
    return text
