"""The maps of mean-field theory: how variance and gradient pass through one wide random layer."""

import math
from functools import lru_cache

import numpy as np

from gradscope.engine.activations import Activation
from gradscope.theory.pairs import pair_averages
from gradscope.theory.quadrature import gaussian_mean

SETTLED = 1e-10
"""Relative change of the variance below which it has reached its fixed point."""

CORRELATION_SETTLED = 1e-6
"""Change of a correlation below which it has reached its fixed point."""

LARGEST, SMALLEST = 1e12, 1e-12
"""Beyond these the variance runs away to infinity or zero."""

STEPS = 200

WIDEST, NEAR = 10.0, 1e-4
"""log2 of σ_w² up to which its critical value is looked for, and how exactly."""


@lru_cache(maxsize=4096)
def second_moment(activation: Activation, variance: float) -> float:
    """E φ(z)², z ~ N(0, variance)."""
    return gaussian_mean(lambda z: np.square(activation.fn(z)), variance, activation.kinks)


@lru_cache(maxsize=4096)
def second_moment_of_slope(activation: Activation, variance: float) -> float:
    """E φ′(z)², z ~ N(0, variance)."""
    return gaussian_mean(
        lambda z: np.square(activation.derivative(z, activation.fn(z))), variance, activation.kinks
    )


def length_map(activation: Activation, sigma_w2: float, sigma_b2: float, variance: float) -> float:
    """q′ = σ_w² E φ(√q z)² + σ_b² (Poole et al. 2016, eq. 3)."""
    return sigma_w2 * second_moment(activation, variance) + sigma_b2


def fixed_point(activation: Activation, sigma_w2: float, sigma_b2: float) -> float:
    """The variance q* that deep layers settle at, from q = 1; where it runs away, the last value on its way.

    Plain iteration with Steffensen's acceleration, so that a critical network settles too.
    """
    q = 1.0
    for _ in range(STEPS):
        once = length_map(activation, sigma_w2, sigma_b2, q)
        if not SMALLEST < once < LARGEST or abs(once - q) <= SETTLED * q:
            return min(max(once, SMALLEST), LARGEST)
        twice = length_map(activation, sigma_w2, sigma_b2, once)
        bend = twice - 2.0 * once + q
        ahead = q - (once - q) ** 2 / bend if bend else twice
        # A jump is trusted only while it stays on the side the iteration moves to.
        q = (
            ahead
            if 0.0 < ahead < LARGEST and (ahead - once) * (once - q) > 0.0
            else min(max(twice, SMALLEST), LARGEST)
        )
    return q


def chi_1(activation: Activation, sigma_w2: float, variance: float) -> float:
    """χ₁ = σ_w² E φ′(√q z)²: the factor on the squared gradient, a layer (Schoenholz et al. 2017, eq. 5)."""
    return sigma_w2 * second_moment_of_slope(activation, variance)


@lru_cache(maxsize=1024)
def gradient_gain(activation: Activation, sigma_w2: float, sigma_b2: float) -> float:
    """√χ₁ at the fixed point: the factor on the gradient's norm, a layer towards the input."""
    if sigma_b2 == 0.0 and is_homogeneous(activation):
        # The variance takes the same factor every layer: there is no need to follow it on its way.
        variance = LARGEST if length_map(activation, sigma_w2, 0.0, 1.0) > 1.0 else SMALLEST
    else:
        variance = fixed_point(activation, sigma_w2, sigma_b2)
    return math.sqrt(chi_1(activation, sigma_w2, variance))


@lru_cache(maxsize=256)
def is_homogeneous(activation: Activation) -> bool:
    """Whether φ(az) = a φ(z) for all a > 0, as far as E φ′² tells: it is then the same at any variance."""
    slope = second_moment_of_slope(activation, 1.0)
    return slope > 0.0 and all(
        abs(second_moment_of_slope(activation, q) / slope - 1.0) < 1e-9 for q in (0.25, 4.0)
    )


@lru_cache(maxsize=256)
def critical_variance(activation: Activation, sigma_b2: float = 0.0) -> float:
    """The σ_w² at which gradients keep their size: χ₁ = 1 where the variance settles, or stays near 1 between
    shrinking and growing. NaN where no σ_w² does that.

    Source:
        Schoenholz et al. 2017, section 3 (the edge of chaos).
    """
    if is_homogeneous(activation):
        return 1.0 / second_moment_of_slope(activation, 1.0)

    def excess(log2: float) -> float:
        return gradient_gain(activation, 2.0**log2, sigma_b2) - 1.0

    low, high = -WIDEST, WIDEST
    if not excess(low) < 0.0 < excess(high):
        return math.nan
    while high - low > NEAR:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) < 0.0 else (low, middle)
    return float(2.0 ** (0.5 * (low + high)))


def correlation_fixed_point(
    activation: Activation, sigma_w2: float, sigma_b2: float, variance: float
) -> float:
    """The correlation c* that two samples settle at (Poole et al. 2016, eq. 5), from 0.5: 1 where χ₁ <= 1."""
    if chi_1(activation, sigma_w2, variance) <= 1.0 + SETTLED or not SMALLEST < variance < LARGEST:
        return 1.0
    c = 0.5
    for _ in range(STEPS):
        product = pair_averages(activation, variance, 0.0, c).product
        ahead = (sigma_w2 * product + sigma_b2) / variance
        if abs(ahead - c) <= CORRELATION_SETTLED:
            return min(ahead, 1.0)
        c = min(ahead, 1.0)
    return c
