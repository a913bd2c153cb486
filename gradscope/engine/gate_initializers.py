"""Initialisers of stacked gates: a matrix that is made for each gate apart, and the biases an LSTM begins
with."""

import math
from dataclasses import replace

import numpy as np

from gradscope.engine import Array
from gradscope.engine.initializers import Fans, Initializer


def stacked(initializer: Initializer, pieces: int) -> Initializer:
    """The same for each of several matrices side by side (I, pieces · O); the fans are those of one of them.

    Entries that are drawn one by one need nothing; what is only defined for a whole matrix is made for each.
    """
    if initializer.in_blocks or pieces == 1:
        return initializer

    def fill(
        rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        part = (shape[0], shape[1] // pieces)
        return np.concatenate([initializer.fill(rng, part, fans, dtype) for _ in range(pieces)], axis=1)

    return replace(initializer, fill=fill)


def remembering(initializer: Initializer, forget_bias: float) -> Initializer:
    """A bias (1, 4U) of an LSTM, gates i, f, g, o: the forget gate's is `forget_bias` (Gers et al. 2000;
    Jozefowicz et al. 2015), the others' are the initialiser's."""

    def fill(
        rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        row = initializer.fill(rng, shape, fans, dtype)
        row[:, _gate(shape, 1)] = forget_bias
        return row

    def mean(fans: Fans) -> float:
        return 0.75 * initializer.mean(fans) + 0.25 * forget_bias

    def variance(fans: Fans) -> float:
        return 0.75 * initializer.variance(fans) + 0.1875 * (initializer.mean(fans) - forget_bias) ** 2

    return Initializer(fill, mean, variance, in_blocks=False)


def chrono(initializer: Initializer, steps: int) -> Initializer:
    """A bias (1, 4U) of an LSTM that remembers for up to `steps` steps: b_f = ln U(1, steps − 1), b_i = −b_f
    (Tallec & Ollivier 2018, eq. 16); the others' are the initialiser's."""

    def fill(
        rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        row = initializer.fill(rng, shape, fans, dtype)
        memory = np.log(rng.uniform(1.0, steps - 1.0, shape[1] // 4))
        row[:, _gate(shape, 0)] = -memory
        row[:, _gate(shape, 1)] = memory
        return row

    def mean(fans: Fans) -> float:
        return 0.5 * initializer.mean(fans)

    def variance(fans: Fans) -> float:
        rest = initializer.variance(fans) + initializer.mean(fans) ** 2
        return 0.5 * _mean_square_log(steps - 1.0) + 0.5 * rest - mean(fans) ** 2

    return Initializer(fill, mean, variance, in_blocks=False)


def _gate(shape: tuple[int, int], number: int) -> slice:
    units = shape[1] // 4
    return slice(number * units, (number + 1) * units)


def _mean_square_log(end: float) -> float:
    """E ln² U(1, end)."""
    if end == 1.0:
        return 0.0
    log = math.log(end)
    return (end * (log * log - 2.0 * log + 2.0) - 2.0) / (end - 1.0)
