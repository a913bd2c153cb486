"""What a weight is before training: the table of initialisers, their draws and their variance laws."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.options import NotNegative, Real
from gradscope.engine.random import Draw, standard_normal, standard_uniform, truncated_normal

Mode = Literal["fan_in", "fan_out", "fan_avg"]

_QR_ROOM = 40
"""The Gaussian matrix, Q, and three more that LAPACK works on, all in float64."""

_IDENTITY_ROOM = 24

TRUNCATED_VARIANCE = 0.7737412801924106
"""Variance of N(0, 1) cut at ±2: 1 − 4 φ(2)/(2 Φ(2) − 1)."""


class Fans(NamedTuple):
    """How many inputs feed one output and the other way round, kernel positions counted; `positions` of a
    kernel, and the one of them that sees the pixel itself where the image keeps its size."""

    fan_in: int
    fan_out: int
    positions: int = 1
    centre: int = 0

    def of(self, mode: Mode) -> float:
        """The fan a scheme divides by."""
        return {"fan_in": self.fan_in, "fan_out": self.fan_out, "fan_avg": (self.fan_in + self.fan_out) / 2}[
            mode
        ]


Fill = Callable[[np.random.Generator, tuple[int, int], Fans, np.dtype[np.floating]], Array]
"""(rng, shape of the block (I, columns), fans of the whole weight, dtype) -> the block."""


@dataclass(frozen=True)
class Initializer:
    """How a weight is filled, and the law its entries follow."""

    fill: Fill
    mean: Callable[[Fans], float]
    variance: Callable[[Fans], float]
    in_blocks: bool = True
    """Column blocks can be drawn apart; false for what is only defined for the whole matrix."""
    is_torch: bool = False
    """PyTorch's layers draw their bias like this too."""
    draws: bool = True
    """Whether it takes anything from its generator."""
    room: int = 12
    """Bytes an entry takes at most while it is drawn, in either precision (measured)."""


def _scaled(draw: Draw, unit_variance: float, std: Callable[[Fans], float], mean: float = 0.0) -> Initializer:
    """Standard draws times a standard deviation law; `unit_variance` is that of the draws themselves."""

    def fill(
        rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        values = draw(rng, shape[0] * shape[1]).reshape(shape).astype(dtype, copy=False)
        values *= dtype.type(std(fans))
        if mean:
            values += dtype.type(mean)
        return values

    return Initializer(
        fill, mean=lambda fans: mean, variance=lambda fans: unit_variance * std(fans) * std(fans)
    )


def _normal_law(std: Callable[[Fans], float]) -> Initializer:
    return _scaled(standard_normal, 1.0, std)


def _uniform_law(std: Callable[[Fans], float]) -> Initializer:
    return _scaled(standard_uniform, 1.0 / 3.0, lambda fans: math.sqrt(3.0) * std(fans))


def glorot_normal(*, gain: NotNegative = 1.0, mode: Mode = "fan_avg") -> Initializer:
    """N(0, gain²/fan) with the mean of both fans (Glorot & Bengio 2010, eq. 12)."""
    return _normal_law(lambda fans: gain * math.sqrt(1.0 / fans.of(mode)))


def glorot_uniform(*, gain: NotNegative = 1.0, mode: Mode = "fan_avg") -> Initializer:
    """Uniform with variance gain²/fan, the mean of both fans (Glorot & Bengio 2010, eq. 16)."""
    return _uniform_law(lambda fans: gain * math.sqrt(1.0 / fans.of(mode)))


def he_normal(*, gain: NotNegative = 1.0, mode: Mode = "fan_in") -> Initializer:
    """N(0, 2 gain²/fan) (He et al. 2015, eq. 10)."""
    return _normal_law(lambda fans: gain * math.sqrt(2.0 / fans.of(mode)))


def he_uniform(*, gain: NotNegative = 1.0, mode: Mode = "fan_in") -> Initializer:
    """Uniform with variance 2 gain²/fan (He et al. 2015, eq. 10)."""
    return _uniform_law(lambda fans: gain * math.sqrt(2.0 / fans.of(mode)))


def lecun_normal(*, gain: NotNegative = 1.0, mode: Mode = "fan_in") -> Initializer:
    """N(0, gain²/fan) (LeCun et al. 1998, eq. 16)."""
    return _normal_law(lambda fans: gain * math.sqrt(1.0 / fans.of(mode)))


def lecun_uniform(*, gain: NotNegative = 1.0, mode: Mode = "fan_in") -> Initializer:
    """Uniform with variance gain²/fan (LeCun et al. 1998, eq. 16)."""
    return _uniform_law(lambda fans: gain * math.sqrt(1.0 / fans.of(mode)))


def variance(scale: NotNegative = 1.0) -> Initializer:
    """N(0, scale/fan_in): σ_w² of the mean-field papers (Poole et al. 2016)."""
    return _normal_law(lambda fans: math.sqrt(scale / fans.fan_in))


def torch_default() -> Initializer:
    """U(±1/√fan_in), for weight and bias: what PyTorch's linear and convolution layers do."""
    law = _uniform_law(lambda fans: math.sqrt(1.0 / (3.0 * fans.fan_in)))
    return Initializer(law.fill, law.mean, law.variance, is_torch=True)


def normal(*, mean: Real = 0.0, std: NotNegative = 1.0) -> Initializer:
    """N(mean, std²), whatever the fans."""
    return _scaled(standard_normal, 1.0, lambda fans: std, mean)


def truncated(*, mean: Real = 0.0, std: NotNegative = 1.0) -> Initializer:
    """N(mean, std²) cut at two of its standard deviations; the variance left is 0.774 std²."""
    return _scaled(truncated_normal, TRUNCATED_VARIANCE, lambda fans: std, mean)


def uniform(*, low: Real = 0.0, high: Real = 1.0) -> Initializer:
    """U(low, high), whatever the fans."""
    half_width = high / 2.0 - low / 2.0
    return _scaled(standard_uniform, 1.0 / 3.0, lambda fans: half_width, low / 2.0 + high / 2.0)


def orthogonal(gain: Real = 1.0) -> Initializer:
    """gain × a Haar-random matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2014);
    one for each group of a convolution."""

    def fill(
        rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        return (gain * _haar_maps(rng, shape, _maps(shape, fans))).astype(dtype)

    def variance(fans: Fans) -> float:
        return gain * gain / max(fans.fan_in, fans.fan_out // fans.positions)

    return Initializer(fill, mean=_zero, variance=variance, in_blocks=False, room=_QR_ROOM)


def delta_orthogonal(gain: Real = 1.0) -> Initializer:
    """Orthogonal at the kernel's centre and zero elsewhere (Xiao et al. 2018, algorithm 1); orthogonal when
    dense."""

    def fill(
        rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        rows = shape[0] // fans.positions
        centre = gain * _haar_maps(rng, (rows, shape[1]), _maps(shape, fans))
        return _at_centre(centre.astype(dtype), fans)

    def variance(fans: Fans) -> float:
        return gain * gain / max(fans.fan_in, fans.fan_out)

    return Initializer(fill, mean=_zero, variance=variance, in_blocks=False, room=_QR_ROOM)


def identity() -> Initializer:
    """Ones on the diagonal, zeros elsewhere, also where the matrix is not square; at the centre of a kernel.
    An orthogonal one, with their law."""

    def fill(
        rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        count = _maps(shape, fans)
        one = np.eye(shape[0] // fans.positions, shape[1] // count, dtype=dtype)
        return _at_centre(np.tile(one, count), fans)

    def variance(fans: Fans) -> float:
        return 1.0 / max(fans.fan_in, fans.fan_out)

    return Initializer(fill, mean=_zero, variance=variance, in_blocks=False, draws=False, room=_IDENTITY_ROOM)


def constant(value: Real) -> Initializer:
    """The same value everywhere."""

    def fill(
        rng: np.random.Generator, shape: tuple[int, int], fans: Fans, dtype: np.dtype[np.floating]
    ) -> Array:
        return np.full(shape, value, dtype=dtype)

    return Initializer(fill, mean=lambda fans: value, variance=_zero, draws=False)


def zeros() -> Initializer:
    """All zero."""
    return constant(0.0)


def ones() -> Initializer:
    """All one."""
    return constant(1.0)


def _zero(fans: Fans) -> float:
    return 0.0


def _maps(shape: tuple[int, int], fans: Fans) -> int:
    """How many maps of those fans stand side by side in a matrix of that shape: a convolution's groups."""
    return max(1, shape[1] * fans.positions // fans.fan_out)


def _at_centre(matrix: Array, fans: Fans) -> Array:
    """A kernel (positions·rows, columns) that is zero but for this matrix (rows, columns) at its centre."""
    kernel = np.zeros((fans.positions, *matrix.shape), dtype=matrix.dtype)
    kernel[fans.centre] = matrix
    return kernel.reshape(-1, matrix.shape[1])


def _haar_maps(rng: np.random.Generator, shape: tuple[int, int], count: int) -> Array:
    """So many independent orthogonal maps side by side."""
    columns = shape[1] // count
    return np.concatenate([_haar(rng, (shape[0], columns)) for _ in range(count)], axis=1)


def _haar(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Orthonormal rows or columns by QR of a Gaussian with the signs of R's diagonal taken out (Mezzadri
    2007)."""
    tall = max(shape), min(shape)
    gaussian = standard_normal(rng, shape[0] * shape[1]).astype(np.float64).reshape(tall)
    q, r = np.linalg.qr(gaussian)
    q *= np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
    return q if shape == tall else np.ascontiguousarray(q.T)


INITIALIZERS: dict[str, Callable[..., Initializer]] = {
    "torch_default": torch_default,
    "glorot_uniform": glorot_uniform,
    "glorot_normal": glorot_normal,
    "he_uniform": he_uniform,
    "he_normal": he_normal,
    "lecun_uniform": lecun_uniform,
    "lecun_normal": lecun_normal,
    "variance": variance,
    "normal": normal,
    "truncated_normal": truncated,
    "uniform": uniform,
    "orthogonal": orthogonal,
    "delta_orthogonal": delta_orthogonal,
    "identity": identity,
    "zeros": zeros,
    "ones": ones,
    "constant": constant,
}

ALIASES: dict[str, str] = {
    "xavier_uniform": "glorot_uniform",
    "xavier_normal": "glorot_normal",
    "kaiming_uniform": "he_uniform",
    "kaiming_normal": "he_normal",
}
