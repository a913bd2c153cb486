"""The weight gradient of a convolution: a sum of patch ⊗ dy over samples and positions, kept as images and dy."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.gradients import (
    CANCELLED,
    Factored,
    OuterProducts,
    aligned,
    half_log2,
    near_one,
    times_power_of_two,
)
from gradscope.engine.layers.patches import chunks, contributions
from gradscope.engine.layers.windows import Windows
from gradscope.engine.magnitude import sum_of_squares
from gradscope.engine.threads import side_by_side

LANES = 4
"""Ranges of samples that are summed side by side, whatever the number of threads."""


class Use(NamedTuple):
    """One pass of images (B, H, W, C) through a kernel, and the cotangents (B, H', W', O) that came back."""

    x: Array
    dy: Array
    windows: Windows
    exponent: int = 0


class Norms(NamedTuple):
    """What is known of a gradient without its matrix being kept."""

    square: float
    sample_squares: Array
    exponent: int


class PatchProducts(Factored):
    """Gradient of a kernel (kh, kw, C/G, O), or of a sequence's (k, C/G, O): Σ patch ⊗ dy, never written out.

    A sample's contribution is small, so it is formed for a few samples at a time, measured, and added to the
    batch's; where rows are few and the kernel large, the inner products of `OuterProducts` are cheaper.
    """

    def __init__(self, uses: tuple[Use, ...], shape: tuple[int, ...], groups: int):
        self.uses = uses
        self.shape = shape
        self.groups = groups
        self.dtype = uses[0].dy.dtype

    @property
    def size(self) -> int:
        """The entries of the kernel."""
        return int(np.prod(self.shape))

    @property
    def log2_l2(self) -> float:
        """log2 of the L2 norm of the batch gradient."""
        return half_log2(self._norms.square) + self._norms.exponent

    @property
    def sample_squares(self) -> Array:
        """Squared L2 norms (B,) of the samples' contributions, divided by 4^sample_exponent."""
        return self._norms.sample_squares

    @property
    def sample_exponent(self) -> int:
        """What keeps `sample_squares` in range."""
        return self._norms.exponent
