"""Synthetic and real input batches: the table of input distributions. Targets belong to the losses."""

import math
import os
import stat
from collections.abc import Callable
from functools import lru_cache
from typing import BinaryIO

import numpy as np

from gradscope.engine import Array
from gradscope.engine.inputs import Form, InputMoments, Inputs, apart
from gradscope.engine.options import Fraction, NotNegative, Real
from gradscope.engine.random import standard_normal, standard_uniform
from gradscope.errors import Mistake, reason_of
from gradscope.numerals import count

_MAGIC = (b"\x93NUMPY", b"PK")
"""How an .npy and an .npz begin."""


def _standard(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return standard_normal(rng, math.prod(shape)).reshape(shape)


def _affine(values: Array, scale: float, shift: float, form: Form) -> Array:
    """Standard draws in the form's precision, scaled and shifted in it."""
    kind = form.dtype.type
    affine: Array = values.astype(form.dtype) * kind(scale) + kind(shift)
    return affine


def normal(*, mean: Real = 0.0, std: NotNegative = 1.0) -> Inputs:
    """N(mean, std²)."""

    def draw(rng: np.random.Generator, form: Form, number: int) -> Array:
        return _affine(_standard(rng, form.full), std, mean, form)

    def moments(shape: tuple[int, ...]) -> InputMoments:
        m2, v = mean * mean, std * std
        return apart(mean, m2 + v, m2 * m2 + 6.0 * m2 * v + 3.0 * v * v)

    return Inputs(draw, moments)


def uniform(*, low: Real = 0.0, high: Real = 1.0) -> Inputs:
    """U(low, high)."""
    centre, half = low / 2.0 + high / 2.0, high / 2.0 - low / 2.0

    def draw(rng: np.random.Generator, form: Form, number: int) -> Array:
        values = standard_uniform(rng, math.prod(form.full)).reshape(form.full)
        return _affine(values, half, centre, form)

    def moments(shape: tuple[int, ...]) -> InputMoments:
        c2, h2 = centre * centre, half * half
        return apart(centre, c2 + h2 / 3.0, c2 * c2 + 2.0 * c2 * h2 + h2 * h2 / 5.0)

    return Inputs(draw, moments)


def bernoulli(p: Fraction = 0.5) -> Inputs:
    """1 with probability p, else 0."""

    def draw(rng: np.random.Generator, form: Form, number: int) -> Array:
        values = standard_uniform(rng, math.prod(form.full)).reshape(form.full)
        # One draw in 2^26 rounds to 1: a certain event must not miss it.
        return (values < (2.0 * p - 1.0 if p < 1.0 else math.inf)).astype(form.dtype)

    return Inputs(draw, lambda shape: apart(p, p, p))


def one_hot() -> Inputs:
    """A single 1 along the last axis, its place uniform."""

    def draw(rng: np.random.Generator, form: Form, number: int) -> Array:
        values = np.zeros(form.full, dtype=form.dtype)
        places = rng.integers(form.shape[-1], size=(*form.full[:-1], 1))
        np.put_along_axis(values, places, 1.0, axis=-1)
        return values

    def moments(shape: tuple[int, ...]) -> InputMoments:
        # A sample's mean square is no matter of chance, so that its entries count as having no spread.
        share = 1.0 / shape[-1]
        return apart(share, share, share * share)

    return Inputs(draw, moments, is_sparse=True)


def lognormal(*, mean: Real = 0.0, std: NotNegative = 1.0) -> Inputs:
    """exp of N(mean, std²)."""

    def draw(rng: np.random.Generator, form: Form, number: int) -> Array:
        values: Array = np.exp(_affine(_standard(rng, form.full), std, mean, form))
        return values

    def moments(shape: tuple[int, ...]) -> InputMoments:
        return apart(*(_exp(n * mean + 0.5 * n * n * std * std) for n in (1.0, 2.0, 4.0)))

    return Inputs(draw, moments)


def correlated(rho: Fraction = 0.5) -> Inputs:
    """N(0, 1) whose samples have correlation rho with each other: √ρ of each entry is common to the batch."""

    def draw(rng: np.random.Generator, form: Form, number: int) -> Array:
        common, own = _standard(rng, form.shape), _standard(rng, form.full)
        return (math.sqrt(rho) * common + math.sqrt(1.0 - rho) * own).astype(form.dtype)

    return Inputs(draw, lambda shape: InputMoments(0.0, 1.0, 3.0, rho, 1.0 + 2.0 * rho * rho))


def tokens(zipf: NotNegative = 0.0) -> Inputs:
    """Tokens below `vocab`, the k-th with probability proportional to k^-zipf; uniform for 0."""

    def draw(rng: np.random.Generator, form: Form, number: int) -> Array:
        vocab = form.vocab or 1
        weights = np.arange(1, vocab + 1, dtype=np.float64) ** -zipf
        edges = np.cumsum(weights / weights.sum())
        drawn: Array = np.searchsorted(edges, rng.random(form.full), side="right")
        return np.minimum(drawn, vocab - 1)

    return Inputs(draw, None, is_tokens=True)


def file(path: str, *, array: str | None = None, targets: str | None = None) -> Inputs:
    """Rows of an .npy or .npz file, in order from the first."""
    rows, labels = _read(path, _stamp(path), array, targets)

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


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise Mistake(f"cannot read {path}: it is not a file", "name one .npy or .npz file")
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _read(path: str, stamp: tuple[int, int], array: str | None, targets: str | None) -> tuple[Array, Array]:
    """Inputs and targets of a file; the stamp makes a changed file another one."""
    try:
        with open(path, "rb") as opened:
            return _arrays(opened, path, array, targets)
    except OSError as error:
        raise _unreadable(path, error) from error


def _arrays(opened: BinaryIO, path: str, array: str | None, targets: str | None) -> tuple[Array, Array]:
    loaded = _load(opened, path)
    if not isinstance(loaded, np.ndarray):
        inputs = _named(loaded, array, path, "array")
        labels = inputs if targets is None else _named(loaded, targets, path, "targets")
        return _numbers(inputs, path), labels
    if array is not None or targets is not None:
        raise Mistake(
            f"{path} is a single array and has no names", "leave out `array` and `targets`, or write an .npz"
        )
    return _numbers(loaded, path), loaded


def _unreadable(path: str, error: OSError | ValueError) -> Mistake:
    return Mistake(f"cannot read {path}: {reason_of(error).lower()}", "paths are relative to the config")


def _load(opened: BinaryIO, path: str) -> "Array | np.lib.npyio.NpzFile":
    """The array or the archive of arrays in a file, told by its first bytes; never unpickled."""
    hint = "write it with numpy.save or numpy.savez"
    if not opened.read(len(_MAGIC[0])).startswith(_MAGIC):
        raise Mistake(f"{path} is neither .npy nor .npz", hint)
    opened.seek(0)
    try:
        return np.load(opened, allow_pickle=False)  # type: ignore[no-any-return]
    except Exception as error:  # what is damaged raises token, zip, memory and other errors, all meaning this
        raise Mistake(f"cannot read {path}: {error}", _hint(error, hint)) from error


def _hint(error: Exception, otherwise: str) -> str:
    """What to do about an array that cannot be read."""
    return "write the first rows alone: no others are used" if isinstance(error, MemoryError) else otherwise


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
        raise Mistake(
            f"cannot read '{name}' of {path}: {error}", _hint(error, "write it again with numpy.savez")
        ) from error
    return found


def _numbers(rows: Array, path: str) -> Array:
    if rows.dtype.kind not in "fiub" or rows.ndim < 2:
        raise Mistake(
            f"{path} holds {rows.dtype} of shape {list(rows.shape)}, not rows of numbers",
            "the first axis counts the samples",
        )
    return rows


def _take(rows: Array, form: Form, number: int, path: str) -> Array:
    start, stop = number * form.batch_size, (number + 1) * form.batch_size
    if rows.shape[:1] == () or rows.shape[0] < stop:
        there = count(rows.shape[0] if rows.ndim else 0, "row")
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


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


INPUTS: dict[str, Callable[..., Inputs]] = {
    "normal": normal,
    "uniform": uniform,
    "bernoulli": bernoulli,
    "one_hot": one_hot,
    "lognormal": lognormal,
    "correlated": correlated,
    "tokens": tokens,
    "file": file,
}

__all__ = ["INPUTS", "Form", "InputMoments", "Inputs", "checked_classes"]
