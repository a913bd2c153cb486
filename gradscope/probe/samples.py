"""The gradients of single samples: their mean norm and the noise scale of the batch."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.gradients import Factored
from gradscope.engine.magnitude import exp2, joint_log2_l2
from gradscope.probe.trace import LOG10_2, Samples

EXACT = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}
"""Relative accuracy of a squared norm: a difference of two that is a smaller share of them is rounding."""


class Sums(NamedTuple):
    """Sums over the samples of a batch: of the norms of their gradients, and of the squared norms."""

    roots: float
    squares: float
    samples: int


def sample_squares(parts: Sequence[Factored]) -> Array:
    """Squared norms (B,) of the samples' contributions to the matrices of a layer, divided by 4^`base`."""
    squares: Array
    if len(parts) == 1:
        squares = parts[0].sample_squares.astype(np.float64)
        return squares
    shifted = (
        np.ldexp(part.sample_squares, 2 * (part.sample_exponent - base(parts)), dtype=np.float64)
        for part in parts
    )
    squares = np.add.reduce(list(shifted))
    return squares


def base(parts: Sequence[Factored]) -> int:
    """The power of two under which the contributions to all matrices are counted."""
    return max(part.sample_exponent for part in parts)


def sums(squares: Array) -> list[Sums]:
    """The sums of several layers at once, from the squared norms of their samples:   (N, B) -> N."""
    of_roots = np.add.reduce(np.sqrt(squares), axis=1).tolist()
    of_squares = np.add.reduce(squares, axis=1).tolist()
    return [Sums(*found, squares.shape[1]) for found in zip(of_roots, of_squares, strict=True)]


def samples(parts: Sequence[Factored], exponent: int, found: Sums) -> Samples:
    """Mean norm of the samples' own gradients and the simple noise scale (McCandlish et al. 2018, appendix
    A.1).

    The gradient of a sample's own loss is its contribution to the batch's mean times the number of samples B.
    """
    mean, count = found.roots, found.samples
    if not 0.0 < mean < math.inf:
        return Samples(-math.inf if mean == 0.0 else mean, None)
    log10_mean = (math.log2(mean) + base(parts) + exponent) * LOG10_2
    if count < 2:
        return Samples(log10_mean, None)
    of_samples = found.squares * count
    of_batch = exp2(2.0 * (joint_log2_l2(part.log2_l2 for part in parts) - base(parts)))
    true_square = (count * of_batch - of_samples) / (count - 1)
    trace = max((of_samples - of_batch) * count / (count - 1), 0.0)
    # Samples whose gradients are orthogonal, one-hot ones for example, have |𝒢|² = 0 but for rounding.
    is_positive = true_square > EXACT[parts[0].dtype] * of_samples
    return Samples(log10_mean, trace / true_square if is_positive else None)
