"""Piecewise polynomial activations: the line, ReLU and its relatives, and the hard forms of smooth ones."""

import math
from functools import partial

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations.activation import Activation, Interval
from gradscope.engine.options import Real

_NEGATIVE: Interval = (-math.inf, 0.0)
_POSITIVE: Interval = (0.0, math.inf)


def linear() -> Activation:
    """z."""
    return Activation("linear", _itself, _ones, max_slope=1.0, saturates=False, is_linear=True)


def relu() -> Activation:
    """max(z, 0) (Nair & Hinton 2010)."""
    return Activation(
        "relu",
        _rectified,
        _is_positive,
        max_slope=1.0,
        saturates=False,
        flat=(_NEGATIVE,),
        kinks=(0.0,),
        value_range=_POSITIVE,
    )


def relu6() -> Activation:
    """min(max(z, 0), 6) (Krizhevsky 2010)."""
    return _clipped("relu6", 0.0, 6.0)


def hardtanh() -> Activation:
    """z between −1 and 1, else the nearer of them (Collobert 2004)."""
    return _clipped("hardtanh", -1.0, 1.0)


def leaky_relu(slope: Real = 0.01) -> Activation:
    """z where positive, else slope · z (Maas et al. 2013)."""
    return _leaky("leaky_relu", slope)


def prelu(slope: Real = 0.25, *, learned: bool = True) -> Activation:
    """The leaky ReLU with slopes that may be learned (He et al. 2015); the record is that of the first slope.

    Whether they are is the business of the layer, not of the function.
    """
    return _leaky("prelu", slope)


def squared_relu() -> Activation:
    """max(z, 0)² (So et al. 2021)."""
    return Activation(
        "squared_relu",
        _squared,
        _squared_slope,
        max_slope=math.inf,
        saturates=False,
        flat=(_NEGATIVE,),
        value_range=_POSITIVE,
    )


def hard_sigmoid() -> Activation:
    """z/6 + 1/2 between −3 and 3, else 0 or 1 (Courbariaux et al. 2015; these slopes are PyTorch's)."""
    return Activation(
        "hard_sigmoid",
        _hard_sigmoid,
        _hard_sigmoid_slope,
        max_slope=1.0 / 6.0,
        saturates=True,
        flat=((-math.inf, -3.0), (3.0, math.inf)),
        kinks=(-3.0, 3.0),
        value_range=(0.0, 1.0),
    )


def hardswish() -> Activation:
    """z · hard_sigmoid(z) (Howard et al. 2019)."""
    return Activation(
        "hardswish",
        _hardswish,
        _hardswish_slope,
        max_slope=1.5,
        saturates=True,
        flat=((-math.inf, -3.0),),
        kinks=(-3.0, 3.0),
        value_range=(-0.375, math.inf),
    )


def _leaky(name: str, slope: float) -> Activation:
    larger_or_smaller = partial(_larger if slope <= 1.0 else _smaller, slope)
    return Activation(
        name,
        _rectified if slope == 0.0 else larger_or_smaller,  # 0 · z is nan at −inf
        partial(_step, slope, 1.0),
        max_slope=max(1.0, abs(slope)),
        saturates=False,
        flat=(_NEGATIVE,) if slope == 0.0 else (),
        kinks=(0.0,) if slope != 1.0 else (),
        value_range=(-math.inf, math.inf) if slope > 0.0 else _POSITIVE,
        is_linear=slope == 1.0,
    )


def _clipped(name: str, low: float, high: float) -> Activation:
    return Activation(
        name,
        partial(_between, low, high),
        partial(_window, low, high),
        max_slope=1.0,
        saturates=True,
        flat=((-math.inf, low), (high, math.inf)),
        kinks=(low, high),
        value_range=(low, high),
    )


def _itself(z: Array) -> Array:
    return z


def _ones(z: Array, a: Array) -> Array:
    return np.ones_like(z)


def _rectified(z: Array) -> Array:
    return z.clip(0.0, math.inf)  # a third faster than np.maximum, whose loop with a scalar is not vectorised


def _is_positive(z: Array, a: Array) -> Array:
    return (z > 0.0).astype(z.dtype)


def _larger(slope: float, z: Array) -> Array:
    values: Array = z * slope
    np.maximum(values, z, out=values)
    return values


def _smaller(slope: float, z: Array) -> Array:
    values: Array = z * slope
    np.minimum(values, z, out=values)
    return values


def _step(low: float, high: float, z: Array, a: Array) -> Array:
    """`low` up to zero, `high` behind it."""
    values: Array = (z > 0.0).astype(z.dtype)
    values *= high - low
    values += low
    return values


def _between(low: float, high: float, z: Array) -> Array:
    return z.clip(low, high)


def _window(low: float, high: float, z: Array, a: Array) -> Array:
    """1 where low < z <= high, else 0."""
    inside: Array = z > low
    inside &= z <= high
    return inside.astype(z.dtype)


def _squared(z: Array) -> Array:
    values: Array = z.clip(0.0, math.inf)
    with np.errstate(over="ignore"):  # beyond the range of the precision the infinity says so
        np.square(values, out=values)
    return values


def _squared_slope(z: Array, a: Array) -> Array:
    slope: Array = z.clip(0.0, math.inf)
    with np.errstate(over="ignore"):
        slope *= 2.0
    return slope


def _hard_sigmoid(z: Array) -> Array:
    values: Array = z / 6.0
    values += 0.5
    values.clip(0.0, 1.0, out=values)
    return values


def _hard_sigmoid_slope(z: Array, a: Array) -> Array:
    slope = _window(-3.0, 3.0, z, a)
    slope /= 6.0
    return slope


def _hardswish(z: Array) -> Array:
    values = _hard_sigmoid(z)
    values *= z
    return values


def _hardswish_slope(z: Array, a: Array) -> Array:
    """z/3 + 1/2 between −3 and 3, 0 below and 1 above."""
    slope: Array = z.clip(-3.0, 3.0)
    slope /= 3.0
    slope += 0.5
    slope *= _window(-3.0, 3.0, z, a)
    slope += z > 3.0
    return slope
