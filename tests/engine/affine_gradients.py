"""Affine gradients to try: rows of inputs and cotangents, and their matrix in extended precision."""

from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.affine_gradients import OuterProducts

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
"""What a norm is good for in either precision."""


class Case(NamedTuple):
    """x (B, T, I) and dy (B, T, O), or without T."""

    x: Array
    dy: Array

    def of(self, dtype: type[np.floating]) -> OuterProducts:
        return OuterProducts(self.x.astype(dtype), self.dy.astype(dtype))


def case(seed: int, shape: tuple[int, int, int, int]) -> Case:
    """Independent entries; a single position is left out as an axis."""
    rng = np.random.default_rng(seed)
    samples, positions, fan_in, fan_out = shape
    rows = (samples,) if positions == 1 else (samples, positions)
    return Case(rng.standard_normal((*rows, fan_in)), rng.standard_normal((*rows, fan_out)))


def collapsed(seed: int, shape: tuple[int, int, int, int], spread: float) -> Case:
    """Inputs that hardly differ, cotangents whose sum over the rows is zero: Σ x⊗dy all but cancels."""
    x, dy = case(seed, shape)
    rows = tuple(range(dy.ndim - 1))
    return Case(1.0 + spread * x, dy - dy.mean(axis=rows))


def formed(gradient: OuterProducts) -> Array:
    """XᵀdY of the very same numbers in extended precision."""
    x, dy = gradient.x.astype(np.longdouble), gradient.dy.astype(np.longdouble)
    matrix: Array = np.einsum("bti,bto->io", x, dy)
    return matrix


def norm(matrix: Array) -> float:
    return float(np.sqrt(np.sum(np.square(matrix))))
