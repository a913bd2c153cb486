"""Activations of the form z · gate(z) with a smooth gate: GELU, its tanh form, SiLU, Mish."""

import math

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations.activation import Activation
from gradscope.engine.activations.bounded import logistic
from gradscope.engine.erf import erf

_SQRT_HALF = math.sqrt(0.5)
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)
_NUDGE = 1e-20
"""Keeps a/z from 0/0: (a + nudge/2)/(z + nudge) is Φ(z) to the last digit for every z, as Φ(0) = 1/2."""

_LINE = -2.0 * math.sqrt(2.0 / math.pi)
_CUBE = 0.044715 * _LINE
"""The tanh form of GELU is z/(1 + exp(_LINE z + _CUBE z³)) (Hendrycks & Gimpel 2016)."""
_TANH_GATE_ENDS = 10.0
"""Where that gate is 0 or 1 within 1e-37 and the exponential still fits into float32."""

_MISH_GATE_IS_ONE = 20.0
"""From here on tanh(softplus(z)) is 1 to the last digit of float64, and exp(2z) still fits into float32."""
_SILU_GATE_IS_ONE = 40.0
"""The same for sigmoid(z) and exp(z)."""


def gelu() -> Activation:
    """z Φ(z), Φ the distribution function of N(0, 1) (Hendrycks & Gimpel 2016)."""
    return Activation(
        "gelu",
        _gelu,
        _gelu_slope,
        max_slope=0.5 * (1.0 + math.erf(1.0)) + math.exp(-1.0) / math.sqrt(math.pi),  # at z = √2
        saturates=True,
        value_range=(-0.16997120747990367, math.inf),
    )


def gelu_tanh() -> Activation:
    """z (1 + tanh(√(2/π) (z + 0.044715 z³)))/2, the fast form of GELU (Hendrycks & Gimpel 2016)."""
    return Activation(
        "gelu_tanh",
        _gelu_tanh,
        _gelu_tanh_slope,
        max_slope=1.1289930686587718,
        saturates=True,
        value_range=(-0.17004075057125405, math.inf),
    )


def silu() -> Activation:
    """z sigmoid(z) (Elfwing et al. 2018), also known as swish."""
    return Activation(
        "silu",
        _silu,
        _silu_slope,
        max_slope=1.099839320128867,
        saturates=True,
        value_range=(-0.27846454276107380, math.inf),
    )


def mish() -> Activation:
    """z tanh(softplus(z)) (Misra 2020)."""
    return Activation(
        "mish",
        _mish,
        _mish_slope,
        max_slope=1.0884981612517279,
        saturates=True,
        value_range=(-0.30884341301725041, math.inf),
    )


def _gelu(z: Array) -> Array:
    values = erf(z * _SQRT_HALF)
    values *= 0.5
    values += 0.5
    values *= z
    return values


def _gelu_slope(z: Array, a: Array) -> Array:
    """Φ(z) + z φ(z); Φ is a/z, which is half the price of another erf."""
    nudge: Array = np.copysign(_NUDGE, z)
    below = z + nudge
    nudge *= 0.5
    nudge += a
    nudge /= below
    with np.errstate(over="ignore"):  # exp(−inf) is the right zero
        np.square(z, out=below)
    below *= -0.5
    np.exp(below, out=below)
    below *= z
    below *= _DENSITY
    below += nudge
    return below


def _gelu_tanh(z: Array) -> Array:
    values: Array = z.clip(-_TANH_GATE_ENDS, math.inf)
    with np.errstate(over="ignore"):  # exp(−inf) is the right zero
        exponent = np.square(values)
        exponent *= _CUBE
        exponent += _LINE
        exponent *= values
    np.exp(exponent, out=exponent)
    exponent += 1.0
    values /= exponent
    return values


def _gelu_tanh_slope(z: Array, a: Array) -> Array:
    """g (1 + z e g (−_LINE − 3 _CUBE z²)), with e the exponential and g = 1/(1 + e) the gate."""
    inner: Array = z.clip(-_TANH_GATE_ENDS, _TANH_GATE_ENDS)
    square = np.square(inner)
    power = square * _CUBE
    power += _LINE
    power *= inner
    np.exp(power, out=power)
    gate = power + 1.0
    np.divide(1.0, gate, out=gate)
    power *= gate
    power *= inner
    square *= -3.0 * _CUBE
    square -= _LINE
    power *= square
    power += 1.0
    power *= gate
    return power


def _silu(z: Array) -> Array:
    values = logistic(z)
    values *= z
    return values


def _silu_slope(z: Array, a: Array) -> Array:
    """s (1 + z (1 − s)), with s = sigmoid(z) = e^z (1 − s)."""
    inner: Array = z.clip(-math.inf, _SILU_GATE_IS_ONE)
    gate = np.exp(inner)
    rest = gate + 1.0
    np.divide(1.0, rest, out=rest)
    gate *= rest
    rest *= inner
    rest += 1.0
    gate *= rest
    return gate


def _mish(z: Array) -> Array:
    """z n/(n + 2), with n = e^z (e^z + 2)."""
    growth: Array = z.clip(-math.inf, _MISH_GATE_IS_ONE)
    np.exp(growth, out=growth)
    values = growth + 2.0
    values *= growth
    np.add(values, 2.0, out=growth)
    values /= growth
    values *= z
    return values


def _mish_slope(z: Array, a: Array) -> Array:
    """(n + 4 z e^z (e^z + 1)/d)/d, with n = e^z (e^z + 2) and d = n + 2."""
    inner: Array = z.clip(-math.inf, _MISH_GATE_IS_ONE)
    growth = np.exp(inner)
    numerator = growth + 2.0
    numerator *= growth
    divisor = numerator + 2.0
    slope = growth + 1.0
    slope *= growth
    slope *= 4.0
    slope *= inner
    slope /= divisor
    slope += numerator
    slope /= divisor
    return slope
