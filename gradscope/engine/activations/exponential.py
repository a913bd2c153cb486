"""Activations that fade exponentially to a constant on the negative side: softplus and the ELU family."""

import math
from functools import partial

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations.activation import Activation
from gradscope.engine.options import Positive

_OVERTAKEN = 40.0
"""From here on ln(1 + e^z) is z to the last digit of float64, and exp(z) is still harmless in float32."""
_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


def softplus() -> Activation:
    """ln(1 + e^z) (Dugas et al. 2001), without the straight line PyTorch puts in its place from z = 20 on."""
    return Activation(
        "softplus", _softplus, _softplus_slope, max_slope=1.0, saturates=True, value_range=(0.0, math.inf)
    )


def elu(alpha: Positive = 1.0) -> Activation:
    """z where positive, else alpha (e^z − 1) (Clevert et al. 2016)."""
    return _elu_like("elu", depth=alpha, width=1.0, scale=1.0)


def selu() -> Activation:
    """1.0507 elu(z, 1.6733), which draws means to 0 and variances to 1 (Klambauer et al. 2017)."""
    return _elu_like("selu", depth=_SELU_SCALE * _SELU_ALPHA, width=1.0, scale=_SELU_SCALE)


def celu(alpha: Positive = 1.0) -> Activation:
    """z where positive, else alpha (e^(z/alpha) − 1), smooth for every alpha (Barron 2017)."""
    return _elu_like("celu", depth=alpha, width=alpha, scale=1.0)


def _elu_like(name: str, *, depth: float, width: float, scale: float) -> Activation:
    """scale · z where positive, else depth (e^(z/width) − 1)."""
    left = depth / width
    return Activation(
        name,
        partial(_elu, depth, width, scale),
        partial(_elu_slope, left, width, scale),
        max_slope=max(left, scale),
        saturates=True,
        kinks=() if left == scale else (0.0,),
        value_range=(-depth, math.inf),
    )


def _softplus(z: Array) -> Array:
    values: Array = z.clip(-math.inf, _OVERTAKEN)
    np.exp(values, out=values)
    np.log1p(values, out=values)
    np.maximum(values, z, out=values)
    return values


def _softplus_slope(z: Array, a: Array) -> Array:
    """sigmoid(z) as 1 − e^−a, for a keeps its relative precision on both sides."""
    slope: Array = np.negative(a)
    np.expm1(slope, out=slope)
    np.negative(slope, out=slope)
    return slope


def _elu(depth: float, width: float, scale: float, z: Array) -> Array:
    values: Array = z.clip(-math.inf, 0.0)
    if width != 1.0:
        values /= width
    np.expm1(values, out=values)
    if depth != 1.0:
        values *= depth
    positive = z.clip(0.0, math.inf)
    if scale != 1.0:
        positive *= scale
    values += positive
    return values


def _elu_slope(left: float, width: float, scale: float, z: Array, a: Array) -> Array:
    slope: Array = z.clip(-math.inf, 0.0)
    if width != 1.0:
        slope /= width
    np.exp(slope, out=slope)  # exactly 1 where z is positive
    if left != 1.0:
        slope *= left
    if left != scale:
        rise = (z > 0.0).astype(z.dtype)
        rise *= scale - left
        slope += rise
    return slope
