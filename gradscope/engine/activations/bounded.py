"""Smooth activations bounded on both sides: the logistic sigmoid and its relatives, arctan, softsign."""

import math
from functools import partial

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations.activation import Activation
from gradscope.engine.options import Positive, Real

_ROUNDS_TO_ONE = 40.0
"""From here on 1 − sigmoid(z) is below the rounding of float64, and exp(z) is still harmless in float32."""


def sigmoid() -> Activation:
    """1/(1 + e^−z), the logistic function."""
    return Activation(
        "sigmoid",
        logistic,
        partial(_sech_squared, 0.25, 0.5),
        max_slope=0.25,
        saturates=True,
        value_range=(0.0, 1.0),
    )


def scaled_sigmoid(*, scale: Positive = 4.0, shift: Real = -2.0, slope: Positive = 1.0) -> Activation:
    """scale · sigmoid(slope · z) + shift; 4 sigmoid(z) − 2 has slope 1 at zero (Xu, Huang & Li 2016)."""
    max_slope = 0.25 * scale * slope
    return Activation(
        "scaled_sigmoid",
        partial(_scaled_logistic, scale, shift, slope),
        partial(_sech_squared, max_slope, 0.5 * slope),
        max_slope=max_slope,
        saturates=True,
        value_range=(shift, shift + scale),
    )


def tanh() -> Activation:
    """tanh z."""
    return Activation(
        "tanh",
        np.tanh,
        partial(_sech_squared, 1.0, 1.0),
        max_slope=1.0,
        saturates=True,
        value_range=(-1.0, 1.0),
    )


def lecun_tanh() -> Activation:
    """1.7159 tanh(2z/3), which maps ±1 to ±1 (LeCun et al. 1998, section 4.4)."""
    height, rate = 1.7159, 2.0 / 3.0
    return Activation(
        "lecun_tanh",
        partial(_scaled_tanh, height, rate),
        partial(_sech_squared, height * rate, rate),
        max_slope=height * rate,
        saturates=True,
        value_range=(-height, height),
    )


def arctan() -> Activation:
    """arctan z."""
    return Activation(
        "arctan",
        np.arctan,
        _arctan_slope,
        max_slope=1.0,
        saturates=True,
        value_range=(-math.pi / 2.0, math.pi / 2.0),
    )


def softsign() -> Activation:
    """z/(1 + |z|) (Glorot & Bengio 2010)."""
    return Activation(
        "softsign", _softsign, _softsign_slope, max_slope=1.0, saturates=True, value_range=(-1.0, 1.0)
    )


def logistic(z: Array) -> Array:
    """1/(1 + e^−z), written e^z/(1 + e^z): the digits of a small result are kept, and nothing overflows."""
    growth: Array = z.clip(-math.inf, _ROUNDS_TO_ONE)
    np.exp(growth, out=growth)
    total = growth + 1.0
    growth /= total
    return growth


def _scaled_logistic(scale: float, shift: float, slope: float, z: Array) -> Array:
    values = logistic(z * slope)
    values *= scale
    values += shift
    return values


def _scaled_tanh(height: float, rate: float, z: Array) -> Array:
    values: Array = z * rate
    np.tanh(values, out=values)
    values *= height
    return values


def _sech_squared(height: float, rate: float, z: Array, a: Array) -> Array:
    """height · sech²(rate z), the slope of a logistic function or a tanh.

    From z and not as a (1 − a) or 1 − a²: those are exactly zero where a has been rounded to its limit (in
    float32 from z = 17 and z = 9 on), and how much gradient still gets through there is what is asked for.
    """
    decay: Array = np.abs(z)
    decay *= -rate
    np.exp(decay, out=decay)
    total = np.square(decay)
    total += 1.0
    decay /= total
    np.square(decay, out=decay)
    if height != 0.25:
        decay *= 4.0 * height
    return decay


def _arctan_slope(z: Array, a: Array) -> Array:
    with np.errstate(over="ignore"):  # 1/(1 + inf) is the right zero
        slope: Array = np.square(z)
    slope += 1.0
    np.divide(1.0, slope, out=slope)
    return slope


def _softsign(z: Array) -> Array:
    values: Array = np.abs(z)
    values += 1.0
    np.divide(z, values, out=values)
    return values


def _softsign_slope(z: Array, a: Array) -> Array:
    slope: Array = np.abs(z)
    slope += 1.0
    np.divide(1.0, slope, out=slope)
    np.square(slope, out=slope)
    return slope
