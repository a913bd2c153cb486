"""What is true of one activation: range, slope, where it is flat, Gaussian averages, gains that fit it."""

import math
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from gradscope.engine import Array
from gradscope.engine.activations import Activation, Interval, Softmax
from gradscope.theory.mean_field import second_moment, second_moment_of_slope
from gradscope.theory.quadrature import gaussian_mean

FLAT = 0.01
"""A slope below this share of the largest counts as flat, as saturation does."""

CENTRED = 1e-9
"""|E φ| below this is what the quadrature leaves of zero."""

REACH, STEPS = 6.0, 120
"""The curve goes from −REACH to REACH."""

_FAR = 64.0
_GRID = 8192


class Curve(Struct, frozen=True):
    """φ and φ′ at evenly spaced places."""

    z: tuple[float, ...]
    value: tuple[float, ...]
    slope: tuple[float, ...]


class Moments(Struct, frozen=True, kw_only=True):
    """Averages over z ~ N(0, 1), and what follows from them."""

    mean: float
    """E φ."""
    second: float
    """E φ²."""
    slope: float
    """E φ′²."""
    signal_gain: float
    """σ_w that keeps the second moment at 1: 1/√E φ²."""
    gradient_gain: float
    """σ_w that keeps the gradient level: 1/√E φ′²."""

    @property
    def is_centred(self) -> bool:
        """Whether the outputs have mean zero when the inputs have."""
        return self.mean == 0.0


class Portrait(Struct, frozen=True, kw_only=True):
    """One activation."""

    name: str
    """With the options that are not the defaults."""
    summary: str
    value_range: Interval | None
    max_slope: float | None
    saturates: bool
    flat: tuple[Interval, ...]
    """Where the derivative is exactly zero."""
    fades_below: float | None
    """For all smaller z the slope is below 1 % of the largest, or exactly zero; None where it never is."""
    fades_above: float | None
    kinks: tuple[float, ...]
    moments: Moments | None
    """None for what is not elementwise; then so are range, slope and curve."""
    curve: Curve | None

    @property
    def is_finite(self) -> bool:
        """Whether floats hold its averages and all of its curve."""
        numbers = [] if self.moments is None else [self.moments.mean, self.moments.second, self.moments.slope]
        numbers += [] if self.curve is None else [*self.curve.value, *self.curve.slope]
        return all(map(math.isfinite, numbers))


def portrait(name: str, activation: Activation | Softmax, summary: str = "") -> Portrait:
    """The portrait of an activation under the name it is to have."""
    if isinstance(activation, Softmax):
        return Portrait(
            name=name,
            summary=summary,
            value_range=(0.0, 1.0),
            max_slope=None,
            saturates=False,
            flat=(),
            fades_below=None,
            fades_above=None,
            kinks=(),
            moments=None,
            curve=None,
        )
    # Options may be so large that squares or values overflow; then the portrait is not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        return Portrait(
            name=name,
            summary=summary,
            value_range=activation.value_range,
            max_slope=activation.max_slope,
            saturates=activation.saturates,
            flat=activation.flat,
            fades_below=_fades(activation, -1.0),
            fades_above=_fades(activation, 1.0),
            kinks=activation.kinks,
            moments=_moments(activation),
            curve=_curve(activation),
        )


def _moments(activation: Activation) -> Moments:
    mean = gaussian_mean(activation.fn, 1.0, activation.kinks)
    second, slope = second_moment(activation, 1.0), second_moment_of_slope(activation, 1.0)
    return Moments(
        mean=mean if abs(mean) >= CENTRED else 0.0,
        second=second,
        slope=slope,
        signal_gain=_gain(second),
        gradient_gain=_gain(slope),
    )


def _gain(square: float) -> float:
    return 1.0 / math.sqrt(square) if square > 0.0 else math.inf


def _curve(activation: Activation) -> Curve:
    z = np.linspace(-REACH, REACH, STEPS + 1)
    a = activation.fn(z)
    return Curve(tuple(z.tolist()), tuple(a.tolist()), tuple(activation.derivative(z, a).tolist()))


def _fades(activation: Activation, side: float) -> float | None:
    """Where the last steep place is on one side: the end of a flat piece, else found on a grid by halving."""
    for low, high in activation.flat:
        if (high if side > 0.0 else low) == side * math.inf:
            return low if side > 0.0 else high
    if not activation.saturates:
        return None
    limit = FLAT * activation.max_slope

    def is_steep(z: Array) -> Array:
        steep: Array = np.abs(activation.derivative(z, activation.fn(z))) > limit
        return steep

    places = side * np.linspace(_FAR, -_FAR, _GRID + 1)
    first = int(np.argmax(is_steep(places)))
    if first == 0:
        return None
    return _border(is_steep, flat=float(places[first - 1]), steep=float(places[first]))


def _border(is_steep: Callable[[Array], Array], *, flat: float, steep: float) -> float:
    for _ in range(60):
        middle = 0.5 * (flat + steep)
        if bool(is_steep(np.array([middle]))[0]):
            steep = middle
        else:
            flat = middle
    return flat
