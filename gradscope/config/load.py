"""From a file, a text or a dict to a `Config`: the stages in order, and the top keys. Builds nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gradscope.config.choices import Table, read_choice
from gradscope.config.document import BROKEN, BoundedProblems, Document, UnreadableError, shortened
from gradscope.config.knobs import fill_knobs, knob_names, references, resolve_knobs
from gradscope.config.layers import layer_count, read_layers
from gradscope.config.objects import from_python
from gradscope.config.overrides import apply_overrides
from gradscope.config.reader import Reader
from gradscope.config.schema import Config, Input, Layer, Unknown
from gradscope.config.sections import read_batch, read_input, read_rules, read_training
from gradscope.config.source import read_source
from gradscope.config.tables import INITIALIZER, LOSS
from gradscope.errors import Place, Problems

Source = str | os.PathLike[str] | Mapping[str, Any] | Document

MAX_LAYERS = 200_000
"""Of the network with every repeat unrolled."""

MAX_SEED = 2**64 - 1
"""More than msgspec can say of a number."""

_KEYS = (
    "name",
    "description",
    "params",
    "input",
    "batch",
    "init",
    "layers",
    "loss",
    "seed",
    "trials",
    "dtype",
    "rules",
    "training",
)
_SCALARS = ("name", "description", "seed", "trials", "dtype")
_OTHERS = (
    ({"schema_version", "verdict"}, "this is a report, not a config", "`gradscope compare` reads it"),
    ({"schema_version", "reports"}, "these are reports, no config", "name the config they were made from"),
    ({"base", "axes"}, "this is a sweep, not a config", "`gradscope sweep` computes it"),
    ({"base", "zip"}, "this is a sweep, not a config", "`gradscope sweep` computes it"),
)
"""What else gradscope reads and writes: top keys, what to say of it, and what to do with it."""
_FIELDS = {field.name: (field.type, field.default) for field in msgspec.structs.fields(Config)}


def read_config(
    source: Source,
    overrides: Mapping[str, Any] | None,
    problems: Problems,
    *,
    text: str | bytes | None = None,
    folder: str | None = None,
) -> Config | None:
    """Read a config from a path, from the `text` that came from `source`, from a dict, or from a
    `read_document`.

    Paths in it start from the `folder`, by default that of the file; of a text or a dict, where the process
    is. Every mistake goes to `problems` and none is raised. While there are any, the config may hold an
    `Unknown` in the place of a layer, and defaults in other places; it is None when there is nothing to go
    on.
    """
    found = BoundedProblems()
    try:
        return _read(source, overrides or {}, found, text, folder)
    except UnreadableError:
        return None
    finally:
        for problem in found.found:
            problems.add(*problem)


def read_document(source: Source, problems: Problems, *, text: str | bytes | None = None) -> Document | None:
    """What `read_config` begins with: for who reads the same config with many overrides, once is enough."""
    if isinstance(source, Document):
        return source.copy()
    if isinstance(source, Mapping):
        document = Document("<dict>")
        document.data = from_python(source, (), document, Place(document.source), problems)
        return document
    return read_source(os.fsdecode(source), problems, text)


def check_names(
    source: Source,
    overrides: Mapping[str, Any],
    names: Iterable[str],
    problems: Problems,
    *,
    text: str | bytes | None = None,
) -> None:
    """Note each of the names that can be given no value behind these overrides: neither knob nor path."""
    for name in names:
        document = read_document(source, Problems(), text=text)
        if document is not None and isinstance(document.data, dict):
            apply_overrides(document, overrides, _KEYS, Problems())
            apply_overrides(document, {name: None}, _KEYS, problems)


def _read(
    source: Source,
    overrides: Mapping[str, Any],
    problems: Problems,
    text: str | bytes | None,
    folder: str | None,
) -> Config | None:
    document = read_document(source, problems, text=text)
    if document is None or not _is_config(document, problems):
        return None
    used = set(references(document.data))
    apply_overrides(document, overrides, _KEYS, problems)
    knobs = resolve_knobs(document, problems)
    usable = {name: value for name, value in knobs.items() if value is not BROKEN}
    _report_unused(document, usable.keys() - used - set(references(document.data)), problems)
    document.data = fill_knobs(document, knobs, problems)
    if folder is None:
        is_file = text is None and not isinstance(source, Mapping | Document)
        folder = os.path.dirname(document.source) if is_file else ""
    reader = Reader(document, problems, folder)
    return _config(reader, usable)


def _is_config(document: Document, problems: Problems) -> bool:
    hint = "`gradscope init` writes a starter config"
    if isinstance(document.data, dict):
        for keys, fact, use in _OTHERS:
            if document.data.keys() >= keys:
                problems.add(Place(document.source), fact, use)
                return False
        return True
    if document.data is None:
        problems.add(Place(document.source), "there is nothing in it", hint)
    elif document.data is not BROKEN:
        problems.add(document.place(()), "a config is a mapping with the keys `input` and `layers`", hint)
    return False


def _report_unused(document: Document, unused: set[str], problems: Problems) -> None:
    for name in knob_names(document):
        if name in unused:
            fact = f"the knob '{shortened(name)}' is not used"
            hint = f"write ${{{shortened(name)}}} where its value belongs, or remove it"
            problems.add(document.key_place(("params", name)), fact, hint)


def _config(reader: Reader, params: dict[str, Any]) -> Config:
    data = reader.known_entries(reader.document.data, (), _KEYS)
    rules = read_rules(reader, data.get("rules"))
    sample, layers = _sample_and_layers(reader, data)
    return Config(
        source=reader.document.source,
        params=params,
        input=sample,
        batch=read_batch(reader, data.get("batch"), has_tokens=sample.vocab is not None),
        init=_choice(reader, data, "init", INITIALIZER, "torch_default"),
        layers=layers,
        loss=_choice(reader, data, "loss", LOSS, "cross_entropy"),
        rules=rules.settings,
        training=read_training(reader, data.get("training")),
        optimizer=rules.optimizer,
        suppressed=reader.document.suppressed,
        **_scalars(reader, data),
    )


def _scalars(reader: Reader, data: dict[str, Any]) -> dict[str, Any]:
    read = {key: reader.scalar(data[key], (key,), *_FIELDS[key]) for key in _SCALARS if key in data}
    found = {key: value for key, value in read.items() if value is not BROKEN}
    if found.get("seed", 0) > MAX_SEED:
        reader.report_unexpected(("seed",), "a whole number below 2^64", found.pop("seed"), "as in `seed: 1`")
    source = reader.document.source
    if not found.get("name"):
        stem, _ = os.path.splitext(os.path.basename(source))  # pathlib takes 3 ms to import
        name = source.strip("<>") if source.startswith("<") else stem
        found["name"] = name.encode("utf-8", "backslashreplace").decode()  # a file's name may be no text
    return found


def _sample_and_layers(reader: Reader, data: dict[str, Any]) -> tuple[Input, tuple[Layer, ...]]:
    """The input and the layers; behind an input that could not be read comes an `Unknown`."""
    top = reader.document.place(())
    layers: tuple[Layer, ...] = (Unknown(place=top),)
    if "layers" in data:
        layers = _bounded(reader, read_layers(reader, data["layers"], ("layers",)))
    else:
        reader.problems.add(top, "the key 'layers' is missing", "write `layers:` and below it `- dense: 10`")
    sample = None
    if "input" in data:
        sample = read_input(reader, data["input"])
    else:
        reader.problems.add(top, "the key 'input' is missing", "write `input: 784`, the number of features")
    if sample is not None:
        return sample, layers
    place = reader.document.place(("input",))
    return Input(shape=(1,), place=place), (Unknown(place=place), *layers)


def _bounded(reader: Reader, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    count = layer_count(layers)
    if count <= MAX_LAYERS:
        return layers
    words = f"{count:,}" if count < 10**15 else f"about 10^{len(str(count)) - 1}"
    fact = f"layers: the repeats make {words} layers, more than {MAX_LAYERS:,}"
    place = reader.document.key_place(("layers",))
    reader.problems.add(place, fact, "lower the counts of `repeat`")
    return (Unknown(place=place),)


def _choice(reader: Reader, data: dict[str, Any], key: str, table: Table, default: str) -> Any:
    choice = read_choice(reader, table, data[key], (key,)) if key in data else BROKEN
    return read_choice(reader, table, default, (key,)) if choice is BROKEN else choice
