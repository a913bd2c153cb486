"""What a point is: the base config with other values in it, and the key its result is found by. Runs nothing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from gradscope.build import check_network
from gradscope.config.digest import config_sha256
from gradscope.config.document import MAX_FILE, Document
from gradscope.config.files import read_bytes
from gradscope.config.load import check_names, read_config, read_document
from gradscope.config.schema import Config, Layer
from gradscope.engine.random import NUMERICS
from gradscope.errors import ConfigError, Place, Problem, Problems
from gradscope.rules.policy import check_settings

_CHUNK = 1 << 20


class Base(Struct, frozen=True, kw_only=True):
    """The config that a sweep varies, as it stood when the sweep began: small, picklable, read again for each point."""

    source: str | dict[str, Any]
    text: bytes | None
    folder: str
    """Where relative paths in it start."""
    overrides: dict[str, Any]
    seed: int | None = None
    """Instead of the config's."""
    trials: int | None = None
    """Instead of the config's."""
    numerics: int = NUMERICS
    """The numerical version of whoever began the sweep; a worker must have the same."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.source if isinstance(self.source, str) else "<dict>"

    @property
    def digest(self) -> str:
        """The same for bases that give the same points the same configs, told from their text alone."""
        told = (self.source if self.text is None else self.text.hex(), self.overrides, self.seed, self.trials)
        text = json.dumps([told, self.numerics], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def read_base(
    source: str | os.PathLike[str] | Mapping[str, Any] | Config,
    overrides: Mapping[str, Any] | None = None,
    *,
    text: str | None = None,
    seed: int | None = None,
    trials: int | None = None,
) -> Base:
    """The base of a sweep: a file's content as it is now, or a dict.

    Raises:
        ConfigError: the file cannot be read, or the config is not the one that was loaded from it.
    """
    if isinstance(source, Config):
        return _base_of(source, overrides)
    given = dict(overrides or {})
    if isinstance(source, Mapping):
        return Base(
            source=dict(source), text=None, folder=os.getcwd(), overrides=given, seed=seed, trials=trials
        )
    path = os.fsdecode(source)
    if text is not None:
        content: bytes | None = text.encode("utf-8", "surrogateescape")[: MAX_FILE + 1]
        folder = os.getcwd()
    else:
        problems = Problems()
        content = read_bytes(path, problems)
        problems.raise_any()
        folder = os.path.dirname(os.path.abspath(path))
    return Base(source=path, text=content, folder=folder, overrides=given, seed=seed, trials=trials)


def _base_of(config: Config, overrides: Mapping[str, Any] | None) -> Base:
    """The base a loaded config came from: only its text knows what its knobs stand for."""
    origin = config.origin
    if origin is not None:
        before = read_base(origin.source, origin.overrides, text=origin.text)
        problems = Problems()
        again = read_resolved(before, {}, problems)
        if again is not None and not problems.found and point_key(again) == point_key(config):
            return read_base(origin.source, origin.overrides | dict(overrides or {}), text=origin.text)
    fact = "this is not the config that its file makes any more"
    hint = "pass the path or the dict itself, and what was changed as overrides"
    raise ConfigError([Problem(Place(config.source), fact, hint)])


def check_base(base: Base, names: Sequence[str], first: Mapping[str, Any], option: str = "--axis") -> Config:
    """The base config itself, after checking that each name of an axis can be given a value.

    A base that only works with other values, as one whose depth is left to the axes, is as good with the `first`.

    Raises:
        ConfigError: no point of the sweep can work, with every reason.
    """
    problems = Problems()
    config = _checked(base, {}, problems)
    if config is None and (with_first := _checked(base, first, Problems())) is not None:
        config, problems = with_first, Problems()
    wrong_names = Problems()
    check_names(base.source, base.overrides, names, wrong_names, text=base.text)
    for name, problem in ((name, problem) for name in names for problem in wrong_names.found):
        if problem.place.source == f"--set {name}":
            problems.add(Place(f"{option} {name}"), problem.fact, problem.hint)
    problems.raise_any()
    assert config is not None  # without a config there was a problem
    return config


def _checked(base: Base, values: Mapping[str, Any], problems: Problems) -> Config | None:
    config = read_resolved(base, values, problems)
    if config is not None:
        check_network(config, problems)
    return None if problems.found else config


def read_resolved(base: Base, values: Mapping[str, Any], problems: Problems) -> Config | None:
    """The config of a point, not yet checked against the shapes that follow from it."""
    document = None if base.text is None else _document(base.name, base.text)
    config = read_config(
        document or base.source,
        base.overrides | dict(values),
        problems,
        text=None if document else base.text,
        folder=base.folder,
    )
    if config is None:
        return None
    check_settings(config, problems)
    changes = {"seed": base.seed, "trials": base.trials}
    return msgspec.structs.replace(
        config, **{name: value for name, value in changes.items() if value is not None}
    )


@lru_cache(maxsize=2)
def _document(source: str, text: bytes) -> Document | None:
    """The text as it was read before; None when there was something to say about it."""
    problems = Problems()
    document = read_document(source, problems, text=text)
    return None if problems.found else document


def resolve(base: Base, values: Mapping[str, Any]) -> Config:
    """The config of a point.

    Raises:
        ConfigError: these values make none.
    """
    problems = Problems()
    config = read_resolved(base, values, problems)
    problems.raise_any()
    assert config is not None  # without a config there was a problem
    return config


def point_key(config: Config) -> str:
    """A hash of all that the result follows from.

    The resolved config without its name and description, the content of a file it reads, the numerical version of
    the engine, and where a comment silences a rule.
    """
    told = [config_sha256(config), NUMERICS, *map(_content, _paths(config))]
    if config.suppressed:
        told.append(list(_silenced(config)))
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def unresolved_key(base: Base, values: Mapping[str, Any]) -> str:
    """The key of a point that makes no config, from what was written."""
    told = ["unresolved", base.digest, values]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _paths(config: Config) -> Iterator[str]:
    choice = config.batch.inputs
    yield from (str(choice.options[name]) for name in sorted(choice.written))


def _content(path: str) -> str:
    """The hash of a file's content; of one that cannot be read, that it could not."""
    try:
        status = os.stat(path)
        return _hashed(path, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError):
        return "unreadable"


@lru_cache(maxsize=64)
def _hashed(path: str, modified: int, size: int) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _silenced(config: Config) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rules that comments silence, by the number of the part: lines may move, what is meant may not."""
    places = [config.input.place, config.batch.place, *_places(config.layers)]
    for number, place in enumerate(places):
        if names := config.suppressed.get(place.line or 0):
            yield number, names


def _places(layers: Sequence[Layer]) -> Iterator[Place]:
    for layer in layers:
        yield layer.place
        for part in ("layers", "shortcut"):
            yield from _places(getattr(layer, part, None) or ())
