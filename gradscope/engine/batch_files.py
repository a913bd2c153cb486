"""Batches from .npy and .npz files: rows in order from the first, and what may be wrong with a file. Nothing
is ever unpickled."""

import os
import stat
from functools import lru_cache
from typing import Any, BinaryIO, Protocol

import numpy as np

from gradscope.engine import Array
from gradscope.engine.inputs import Form, Inputs
from gradscope.errors import Mistake, reason_of
from gradscope.numerals import count

_NPY, _NPZ = b"\x93NUMPY", b"PK"
"""How the files begin."""

_Stamp = tuple[int, int]
"""When a file was changed, and its size."""

_WRITE = "write it with numpy.save or numpy.savez"


def file(path: str, *, array: str | None = None, targets: str | None = None) -> Inputs:
    """Rows of an .npy or .npz file, in order from the first."""
    rows, labels = _stored(path, array, targets)

    def draw(rng: np.random.Generator, form: Form, number: int) -> Array:
        if rows.shape[1:] != form.shape:
            raise Mistake(
                f"the rows of {path} have shape {list(rows.shape[1:])}, the input is {list(form.shape)}",
                _input_for(rows.shape[1:], form.vocab),
            )
        part = _take(rows, form, number, path)
        if form.vocab is not None:
            return checked_classes(part, form.vocab, f"the tokens of {path}")
        with np.errstate(over="ignore"):
            return part.astype(form.dtype)

    def take_targets(form: Form, number: int) -> Array:
        return _take(labels, form, number, path)

    taken = None if targets is None else take_targets
    return Inputs(draw, None, targets=taken, is_tokens=None, is_given=True)


def _input_for(shape: tuple[int, ...], vocab: int | None) -> str:
    """What `input:` has to say for rows of this shape."""
    match shape:
        case (length,) if vocab is not None:
            return f"say `input: {{length: {length}, vocab: {vocab}}}`"
        case (features,):
            return f"say `input: {features}`"
        case (length, features) if vocab is None:
            return f"say `input: {{length: {length}, features: {features}}}`"
        case (_, _, _) if vocab is None:
            return f"say `input: {list(shape)}`"
    return "reshape the array, its first axis counting the samples"


class _Stored(Protocol):
    """An array in a file."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __getitem__(self, rows: slice) -> Array: ...


class _Npy:
    """The array of an .npy file, which may be larger than memory: only the rows that are asked for are read.

    They are read once, so that all trials see the same, whatever becomes of the file.
    """

    def __init__(self, path: str, stamp: _Stamp):
        self._path, self._stamp = path, stamp
        whole = self._mapped()
        self.shape, self.dtype = whole.shape, whole.dtype
        self._read: dict[tuple[int, int], Array] = {}

    def __getitem__(self, rows: slice) -> Array:
        key = rows.start, rows.stop
        if key not in self._read:
            whole = self._mapped()
            if _stamp(self._path) != self._stamp:
                raise Mistake(f"{self._path} was changed while it was read", "run again")
            self._read[key] = np.array(whole[rows])
        return self._read[key]

    def _mapped(self) -> Array:
        found: Array = _loaded(self._path, self._path)
        return found


def _stored(path: str, array: str | None, targets: str | None) -> tuple[_Stored, _Stored]:
    """Inputs and targets of a file."""
    stamp = _stamp(path)
    if _begins_as_archive(path):
        inputs, labels = _members(path, stamp, array, targets)
        return _numbers(inputs, path), labels
    if array is not None or targets is not None:
        raise Mistake(
            f"{path} is a single array and has no names", "leave out `array` and `targets`, or write an .npz"
        )
    found = _Npy(path, stamp)
    return _numbers(found, path), found


def _stamp(path: str) -> _Stamp:
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise Mistake(f"cannot read {path}: it is not a file", "name one .npy or .npz file")
    return status.st_mtime_ns, status.st_size


def _unreadable(path: str, error: OSError | ValueError) -> Mistake:
    return Mistake(f"cannot read {path}: {reason_of(error).lower()}", "paths are relative to the config")


def _begins_as_archive(path: str) -> bool:
    try:
        beginning = _beginning(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    if beginning is None:
        raise Mistake(f"{path} is neither .npy nor .npz", _WRITE)
    return beginning == _NPZ


def holds_arrays(path: str) -> bool:
    """Whether a file begins as those do that batches are read from; not one that cannot be read."""
    try:
        return _beginning(path) is not None
    except OSError:
        return False


def _beginning(path: str) -> bytes | None:
    with open(path, "rb") as opened:
        start = opened.read(len(_NPY))
    return next((each for each in (_NPY, _NPZ) if start.startswith(each)), None)


def _loaded(source: str | BinaryIO, path: str) -> Any:
    """An .npy as a map of the file at its path, or an open archive; never unpickled."""
    try:
        return np.load(source, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # what is damaged raises token, zip, value and other errors, all meaning this
        raise Mistake(f"cannot read {path}: {error}", _WRITE) from error


@lru_cache(maxsize=4)
def _members(path: str, stamp: _Stamp, array: str | None, targets: str | None) -> tuple[Array, Array]:
    """Inputs and targets of an archive, whole; the stamp makes a changed file another one."""
    with open(path, "rb") as opened, _loaded(opened, path) as archive:
        inputs = _named(archive, array, path, "array")
        return inputs, inputs if targets is None else _named(archive, targets, path, "targets")


def _named(archive: "np.lib.npyio.NpzFile", name: str | None, path: str, option: str) -> Array:
    names = sorted(archive.files)
    if not names:
        raise Mistake(f"{path} holds no arrays", "write it with numpy.savez")
    if name is None:
        if len(names) == 1:
            name = names[0]
        else:
            raise Mistake(f"{path} holds several arrays: {', '.join(names)}", "say which with `array: NAME`")
    if name not in names:
        raise Mistake(
            f"{path} has no array '{name}'",
            f"{option} is {'one of ' if len(names) > 1 else ''}{', '.join(names)}",
        )
    try:
        found: Array = archive[name]
    except Exception as error:  # what is damaged raises zlib, zip, struct and other errors, all meaning this
        raise Mistake(f"cannot read '{name}' of {path}: {error}", _hint(error)) from error
    return found


def _hint(error: Exception) -> str:
    """What to do about a member that cannot be read."""
    if isinstance(error, MemoryError):
        return "write an .npy, of which only the rows that are used are read"
    return "write it again with numpy.savez"


def _numbers(rows: _Stored, path: str) -> _Stored:
    if rows.dtype.kind not in "fiub" or len(rows.shape) < 2:
        raise Mistake(
            f"{path} holds {rows.dtype} of shape {list(rows.shape)}, not rows of numbers",
            "the first axis counts the samples",
        )
    return rows


def _take(rows: _Stored, form: Form, number: int, path: str) -> Array:
    start, stop = number * form.batch_size, (number + 1) * form.batch_size
    if rows.shape[:1] == () or rows.shape[0] < stop:
        there = count(rows.shape[0] if rows.shape else 0, "row")
        raise Mistake(f"{path} has {there}, too few for {stop}", "lower `batch.size` or `batch.count`")
    return rows[start:stop]


def checked_classes(values: Array, classes: int, what: str) -> Array:
    """Classes or tokens as integers.

    Raises:
        Mistake: they are not whole numbers from 0 to classes − 1.
    """
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= classes:
        raise Mistake(f"{what} must be whole numbers from 0 to {classes - 1}")
    return values.astype(np.int64)
