"""What is known of an input before it is drawn: the form of a batch, moments, whether it is tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array


@dataclass(frozen=True)
class Form:
    """What a batch has to look like."""

    batch_size: int
    shape: tuple[int, ...]
    """Of one sample: (F,), (T, F), (C, H, W), or (T,) for tokens."""
    dtype: np.dtype[np.floating]
    vocab: int | None = None

    @property
    def full(self) -> tuple[int, ...]:
        """With the batch axis."""
        return (self.batch_size, *self.shape)


class InputMoments(NamedTuple):
    """Averages over all entries of an input, and over the same entry of two samples."""

    mean: float
    """E x."""
    second: float
    """E x²."""
    fourth: float
    """E x⁴."""
    pair: float
    """E x_a x_b."""
    squares: float
    """E x_a² x_b²."""


def apart(mean: float, second: float, fourth: float) -> InputMoments:
    """Of samples drawn independently."""
    return InputMoments(mean, second, fourth, mean * mean, second * second)


@dataclass(frozen=True)
class Inputs:
    """An input distribution: how a batch is drawn, and what is known of it without drawing."""

    draw: Callable[[np.random.Generator, Form, int], Array]
    """(rng, form, number of the batch) -> inputs."""
    moments: Callable[[tuple[int, ...]], InputMoments] | None
    """Given the shape of a sample; None when only the data know."""
    targets: Callable[[Form, int], Array] | None = None
    """(form, number of the batch) -> the targets that came with the data."""
    is_tokens: bool | None = False
    """None where the data may be either, and what a batch has to look like decides."""
    is_sparse: bool = False
    """Most entries are zero by nature, so that their RMS says nothing about scaling."""
    is_given: bool = False
    """Comes from data: as many batches as were asked for, the same for every trial."""
