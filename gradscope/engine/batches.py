"""Synthetic input batches, and the table of all input distributions. Targets belong to the losses."""

import math
from collections.abc import Callable

import numpy as np

from gradscope.engine import Array
from gradscope.engine.batch_files import checked_classes, file
from gradscope.engine.inputs import Form, InputMoments, Inputs, apart
from gradscope.engine.options import Fraction, NotNegative, Real
from gradscope.engine.random import standard_normal, standard_uniform


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
