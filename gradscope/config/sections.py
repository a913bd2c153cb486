"""Reads the parts of a config that have a form of their own: `input`, `batch`, `training` and `rules`."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import msgspec

from gradscope.config.choices import read_choice
from gradscope.config.document import BROKEN, Path, shortened
from gradscope.config.reader import Reader
from gradscope.config.schema import Batch, Input, Optimizer, RuleSetting, Severity, Size, Training
from gradscope.config.tables import INPUTS, OPTIMIZER
from gradscope.config.wording import alternatives
from gradscope.errors import Place

_INPUT_FORMS = (
    "write `input: 784`, `[3, 32, 32]`, `{length: 64, features: 32}` or `{length: 64, vocab: 1000}`"
)
_TRAINING = {field.name: field.type for field in msgspec.structs.fields(Training)}


class Rules(NamedTuple):
    """What stands under `rules:`; whether such rules and limits exist is not known here."""

    settings: dict[str, RuleSetting]
    optimizer: Any = None


def read_input(reader: Reader, value: Any) -> Input | None:
    """The shape of one sample; None with the reasons noted."""
    path: Path = ("input",)
    place = reader.document.place(path)
    if isinstance(value, dict):
        return _read_sequence(reader, value, path)
    sizes = value if isinstance(value, list) else [value]
    if isinstance(value, list) and len(value) not in (1, 3):
        reader.report(path, f"expected 1 or 3 sizes, got {len(value)}", _INPUT_FORMS)
        return None
    if value is None or isinstance(value, str):
        reader.report_unexpected(path, "the size of a sample", value, _INPUT_FORMS)
        return None
    paths: list[Path] = (
        [(*path, number) for number in range(len(sizes))] if isinstance(value, list) else [path]
    )
    shape = [reader.scalar(size, where, Size) for size, where in zip(sizes, paths, strict=True)]
    return None if BROKEN in shape else Input(shape=tuple(shape), place=place)


def _read_sequence(reader: Reader, value: dict[str, Any], path: Path) -> Input | None:
    entries = reader.known_entries(value, path, ["length", "features", "vocab"])
    sizes = {name: reader.scalar(entry, (*path, name), Size) for name, entry in entries.items()}
    if len(sizes) == len(value) and ("length" not in sizes or len(sizes) != 2):
        reader.report(path, "a sequence has 'length' and either 'features' or 'vocab'", _INPUT_FORMS)
        return None
    if len(sizes) != 2 or BROKEN in sizes.values():
        return None
    shape = (sizes["length"], *([sizes["features"]] if "features" in sizes else []))
    return Input(shape=shape, vocab=sizes.get("vocab"), place=reader.document.place(path))


def read_batch(reader: Reader, value: Any, *, has_tokens: bool) -> Batch:
    """Size, count and inputs of a batch; the default stands in for what could not be read."""
    path: Path = ("batch",)
    entries = _read_section(reader, value, path, ["size", "count", "inputs"], "write `batch: {size: 64}`")
    fallback = "tokens" if has_tokens else "normal"
    numbers = {
        name: reader.scalar(entries[name], (*path, name), Size)
        for name in ("size", "count")
        if name in entries
    }
    inputs = read_choice(reader, INPUTS, entries.get("inputs", fallback), (*path, "inputs"))
    return Batch(
        inputs=inputs if inputs is not BROKEN else read_choice(reader, INPUTS, fallback, path),
        place=reader.document.place((*path, "inputs")),
        **{name: number for name, number in numbers.items() if number is not BROKEN},
    )


def read_training(reader: Reader, value: Any) -> Training:
    """Steps, learning rate and optimiser; the default stands in for what could not be read."""
    path: Path = ("training",)
    entries = _read_section(reader, value, path, [*_TRAINING], "write `training: {steps: 100, lr: 0.1}`")
    default = read_choice(reader, OPTIMIZER, "sgd", path)
    optimizer = read_choice(reader, OPTIMIZER, entries.pop("optimizer", "sgd"), (*path, "optimizer"))
    read = {name: reader.scalar(entry, (*path, name), _TRAINING[name]) for name, entry in entries.items()}
    return Training(
        optimizer=default if optimizer is BROKEN else optimizer,
        **{name: found for name, found in read.items() if found is not BROKEN},
    )


def _read_section(reader: Reader, value: Any, path: Path, known: list[str], hint: str) -> dict[str, Any]:
    """The known entries of a mapping that may be left empty."""
    if isinstance(value, dict):
        return reader.known_entries(value, path, known)
    if value is not None:
        reader.report_unexpected(path, "a mapping", value, hint)
    return {}


def read_rules(reader: Reader, value: Any) -> Rules:
    """Severities and limits by rule; what could not be read is left out."""
    if not isinstance(value, dict):
        if value is not None:
            reader.report_unexpected(("rules",), "a mapping", value, "write `rules: {GS303: off}`")
        return Rules({})
    settings = {
        name: setting
        for name, entry in value.items()
        if name != "optimizer" and (setting := _read_setting(reader, entry, ("rules", name))) is not None
    }
    if "optimizer" not in value:
        return Rules(settings)
    optimizer = reader.scalar(value["optimizer"], ("rules", "optimizer"), Optimizer)
    return Rules(settings, None if optimizer is BROKEN else optimizer)


def _read_setting(reader: Reader, value: Any, path: Path) -> RuleSetting | None:
    place = reader.document.key_place(path)
    if value == "off":
        return RuleSetting(enabled=False, place=place)
    if isinstance(value, str) and value in alternatives(Severity):
        return RuleSetting(severity=cast(Severity, value), place=place)
    if isinstance(value, dict):
        return _read_limits(reader, value, path, place)
    hint = f"as in `{shortened(str(path[-1]))}: off`"
    reader.report_unexpected(path, "off, error, warning, note, or a mapping of limits", value, hint)
    return None


def _read_limits(reader: Reader, value: dict[str, Any], path: Path, place: Place) -> RuleSetting:
    read = {
        name: reader.scalar(entry, (*path, name), Severity if name == "severity" else float)
        for name, entry in value.items()
    }
    limits = {name: limit for name, limit in read.items() if name != "severity" and limit is not BROKEN}
    severity: Any = read.get("severity")
    return RuleSetting(
        severity=None if severity is BROKEN else severity,
        limits=limits,
        place=place,
        places={name: reader.document.key_place((*path, name)) for name in limits},
    )
