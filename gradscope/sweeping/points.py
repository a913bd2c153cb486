"""What a point is: the base config with other values in it, and the key of its result. Runs nothing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from gradscope.errors import ConfigError, Mistake, Place, Problem, Problems
from gradscope.rules.policy import check_settings
from gradscope.sweeping.axes import Axis, plain_value

_CHUNK = 1 << 20


class Base(Struct, frozen=True, kw_only=True):
    """The config that a sweep varies, as it stood when the sweep began; it is read again for each point."""

    source: str | dict[str, Any]
    text: bytes | None
    folder: str
    """Where relative paths in it start."""
    overrides: dict[str, Any]
    seed: int | None = None
    """Instead of the config's."""
    trials: int | None = None
    """Instead of the config's."""
    select: tuple[str, ...] = ()
    """Rules, or beginnings of their ids, that are judged; all when empty."""
    ignore: tuple[str, ...] = ()
    """Those that are not."""
    numerics: int = NUMERICS
    """The numerical version of whoever began the sweep; a worker must have the same."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.source if isinstance(self.source, str) else "<dict>"

    @property
    def digest(self) -> str:
        """The same for bases that give the same points the same configs, told from their text alone."""
        told = {name: getattr(self, name) for name in self.__struct_fields__ if name != "folder"}
        if self.text is not None:
            told |= {"source": None, "text": self.text.hex()}
        text = json.dumps(told, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def read_base(
    source: str | os.PathLike[str] | Mapping[str, Any] | Config,
    overrides: Mapping[str, Any] | None = None,
    *,
    text: str | None = None,
    seed: int | None = None,
    trials: int | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> Base:
    """The base of a sweep: a file's content as it is now, or a dict.

    Raises:
        ConfigError: the file cannot be read, or the config is not the one that was loaded from it.
    """
    if isinstance(source, Config):
        return _base_of(source, overrides)
    content, folder = None, os.getcwd()
    if text is not None:
        content = text.encode("utf-8", "surrogateescape")[: MAX_FILE + 1]
    elif not isinstance(source, Mapping):
        problems = Problems()
        content = read_bytes(os.fsdecode(source), problems)
        problems.raise_any()
        folder = os.path.dirname(os.path.abspath(os.fsdecode(source)))
    return Base(
        source=dict(source) if isinstance(source, Mapping) else os.fsdecode(source),
        text=content,
        folder=folder,
        overrides={name: _plain(name, value) for name, value in (overrides or {}).items()},
        seed=seed,
        trials=trials,
        select=tuple(select),
        ignore=tuple(ignore),
    )


def _plain(name: str, value: Any) -> Any:
    try:
        return plain_value(value)
    except Mistake as mistake:
        place = Place(f"overrides['{name}']")
        raise ConfigError([Problem(place, mistake.fact, mistake.hint)]) from mistake


def _base_of(config: Config, overrides: Mapping[str, Any] | None) -> Base:
    """The base a loaded config came from: only its text knows what its knobs stand for."""
    origin = config.origin
    if origin is not None:
        before = read_base(origin.source, origin.overrides, text=origin.text)
        problems = Problems()
        again = read_resolved(before, {}, problems)
        if again is not None and not problems.found and point_key(before, again) == point_key(before, config):
            return read_base(origin.source, origin.overrides | dict(overrides or {}), text=origin.text)
    fact = "this is not the config that its file makes any more"
    hint = "pass the path or the dict itself, and what was changed as overrides"
    raise ConfigError([Problem(Place(config.source), fact, hint)])


def check_base(base: Base, axes: Sequence[Axis], first: Mapping[str, Any]) -> Config:
    """The base config itself, after checking that each name of an axis can be given a value.

    A base that only works with other values, as one whose depth is left to the axes, will do with `first`.

    Raises:
        ConfigError: no point of the sweep can work, with every reason.
    """
    problems = Problems()
    config = _checked(base, {}, problems)
    if config is None and (with_first := _checked(base, first, Problems())) is not None:
        config, problems = with_first, Problems()
    wrong_names = Problems()
    check_names(base.source, base.overrides, [axis.name for axis in axes], wrong_names, text=base.text)
    for problem in wrong_names.found:
        places = [axis.place for axis in axes if problem.place.source == f"--set {axis.name}"]
        problems.add(places[0] if places else problem.place, problem.fact, problem.hint)
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


def point_key(base: Base, config: Config) -> str:
    """A hash of all that the result follows from.

    The resolved config without its name and description, the content of a file it reads, the numerical
    version of the engine, and which rules are not judged, or are silenced by a comment.
    """
    told = [config_sha256(config), NUMERICS, *map(_content, _paths(config))]
    if config.suppressed:
        told.append(list(_silenced(config)))
    if base.select or base.ignore:
        told.append([base.select, base.ignore])
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def key_of(base: Base, values: Mapping[str, Any]) -> str:
    """The key of the config that these values make, or of what was written where they make none."""
    try:
        return point_key(base, resolve(base, values))
    except ConfigError:
        return _unresolved_key(base, values)


def _unresolved_key(base: Base, values: Mapping[str, Any]) -> str:
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
