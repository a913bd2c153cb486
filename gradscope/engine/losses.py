"""What is differentiated: the table of losses, targets drawn to fit them, what an uninformed output costs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gradscope.engine import Array
from gradscope.engine.options import Positive
from gradscope.errors import Mistake


@dataclass(frozen=True)
class Loss:
    """A mean over samples (over tokens too where there are any), its gradient, and targets to try it on."""

    name: str
    evaluate: Callable[[Array, Array], tuple[float | None, Array]]
    """(outputs, targets) -> the loss, None for a random cotangent; its gradient in the outputs' precision.

    The loss is formed in float64: finite for finite float32 outputs, and never finite for others.

    Raises:
        Mistake: the targets do not fit the outputs.
    """
    draw_targets: Callable[[np.random.Generator, tuple[int, ...], Any], Array]
    """(rng, shape of the outputs, dtype) -> targets; the same draws in either precision."""
    expected: Callable[[tuple[int, ...]], float | None]
    """The loss of outputs that are all zero on such targets, given the outputs' shape."""
    follows: Callable[[float, int], float]
    """(mean square of an output, number of outputs) -> the share of the gradient's mean square that is the
    outputs' doing, for Gaussian outputs and drawn targets; the rest is the targets'."""
    targets_of: Callable[[Array], Array] | None = None
    """Scores N(0, 1), one an output, as targets; None where there is nothing to learn."""
    takes_logits: bool = False
    """A softmax or sigmoid in front of it would be the second one."""
    classes: bool = False
    """Targets are whole numbers that index the last axis of the outputs."""


def cross_entropy() -> Loss:
    """−ln softmax(outputs)[target], a mean over samples and tokens.

    Shapes:
        outputs (B, K) or (B, T, K), targets (B,) or (B, T).
    """
    return Loss(
        "cross_entropy",
        _cross_entropy,
        _classes,
        _log_classes,
        _as_softmax,
        _largest,
        takes_logits=True,
        classes=True,
    )


def binary_cross_entropy() -> Loss:
    """−t ln sigmoid(output) − (1 − t) ln sigmoid(−output), a mean over all outputs; targets t from 0 to 1."""
    return Loss(
        "binary_cross_entropy",
        _binary_cross_entropy,
        _coins,
        partial(_always, math.log(2.0)),
        _as_sigmoid,
        _positive,
        takes_logits=True,
    )


def mse() -> Loss:
    """(output − target)², a mean over all outputs."""
    return Loss("mse", _squared_error, _gaussian, partial(_always, 1.0), _as_error, _unchanged)


def mae() -> Loss:
    """|output − target|, a mean over all outputs."""
    expected = partial(_always, math.sqrt(2.0 / math.pi))
    return Loss("mae", _absolute_error, _gaussian, expected, _as_error, _unchanged)


def huber(delta: Positive = 1.0) -> Loss:
    """Half the squared error up to `delta`, a line behind it (Huber 1964), a mean over all outputs."""
    expected = partial(_always, _gaussian_huber(delta))
    return Loss("huber", partial(_huber, delta), _gaussian, expected, _as_error, _unchanged)


def random_cotangent() -> Loss:
    """No loss: an N(0, 1) gradient at every output, not divided by anything."""
    return Loss("random_cotangent", _cotangent, _gaussian, partial(_always, None), _as_nothing)


def _cross_entropy(outputs: Array, targets: Array) -> tuple[float, Array]:
    _check_classes(outputs, targets)
    rows = outputs.reshape(-1, outputs.shape[-1])
    own_places = np.arange(len(rows)), targets.reshape(-1)
    top = np.maximum.reduce(rows, axis=1)
    own = rows[own_places].astype(np.float64) - top
    with np.errstate(over="ignore"):  # exp(−inf) is the right zero
        powers: Array = rows - top[:, np.newaxis]
    np.exp(powers, out=powers)
    # The others are summed without the target's own power: 1 − p would be zero long before they are.
    powers[own_places] = 0.0
    others = np.add.reduce(powers, axis=1, dtype=np.float64)
    own_power = np.exp(own)
    losses = np.log1p(others + (own_power - 1.0)) - own
    scale = (1.0 / (len(rows) * (others + own_power))).astype(outputs.dtype)
    powers *= scale[:, np.newaxis]
    powers[own_places] = (-others * scale).astype(outputs.dtype)
    # A −inf among the others is in no sum; 0 · −inf brings it back as a nan.
    return float(losses.mean()) + 0.0 * float(outputs.min()), powers.reshape(outputs.shape)


def _binary_cross_entropy(outputs: Array, targets: Array) -> tuple[float, Array]:
    _check_shape(outputs, targets)
    _check_fractions(targets)
    logits = outputs.astype(np.float64)
    decay = np.exp(-np.abs(logits))
    upper = 1.0 / (1.0 + decay)
    lower = decay * upper
    positive = logits > 0.0
    absent = 1.0 - targets
    tail = np.log1p(decay)
    losses = absent * (np.maximum(logits, 0.0) + tail) + targets * (np.maximum(-logits, 0.0) + tail)
    # sigmoid(z) − t as two products, of which neither cancels where the output is right and sure.
    gradient = absent * np.where(positive, upper, lower) - targets * np.where(positive, lower, upper)
    gradient /= outputs.size
    return float(losses.mean()), gradient.astype(outputs.dtype)


def _squared_error(outputs: Array, targets: Array) -> tuple[float, Array]:
    errors = _errors(outputs, targets)
    loss = float(np.square(errors).mean())
    errors *= 2.0 / outputs.size
    return loss, errors.astype(outputs.dtype)


def _absolute_error(outputs: Array, targets: Array) -> tuple[float, Array]:
    """The gradient is 0 where output and target are equal, as in PyTorch."""
    errors = _errors(outputs, targets)
    gradient = np.sign(errors)
    gradient /= outputs.size
    return float(np.abs(errors).mean()), gradient.astype(outputs.dtype)


def _huber(delta: float, outputs: Array, targets: Array) -> tuple[float, Array]:
    errors = _errors(outputs, targets)
    gradient = errors.clip(-delta, delta)
    errors -= 0.5 * gradient
    errors *= gradient
    gradient /= outputs.size
    return float(errors.mean()), gradient.astype(outputs.dtype)


def _cotangent(outputs: Array, targets: Array) -> tuple[None, Array]:
    _check_shape(outputs, targets)
    return None, targets.astype(outputs.dtype, copy=False)


def _errors(outputs: Array, targets: Array) -> Array:
    """In float64, where the square of a float32 does not overflow."""
    _check_shape(outputs, targets)
    errors: Array = outputs.astype(np.float64)
    errors -= targets
    return errors


def _check_shape(outputs: Array, targets: Array) -> None:
    if targets.shape != outputs.shape:
        raise Mistake(
            f"targets of shape {list(targets.shape)} do not fit outputs of shape {list(outputs.shape)}",
            "this loss takes one target an output",
        )


def _check_fractions(targets: Array) -> None:
    if not (targets.min() >= 0.0 and targets.max() <= 1.0):
        raise Mistake(
            f"targets go from {targets.min():g} to {targets.max():g}",
            "this loss takes probabilities, from 0 to 1",
        )


def _check_classes(outputs: Array, targets: Array) -> None:
    if targets.dtype.kind not in "iu" or targets.shape != outputs.shape[:-1]:
        raise Mistake(
            f"{targets.dtype} targets of shape {list(targets.shape)} do not fit "
            f"outputs of shape {list(outputs.shape)}",
            f"this loss takes whole numbers of shape {list(outputs.shape[:-1])}, one class a row of outputs",
        )
    if targets.min() < 0 or targets.max() >= outputs.shape[-1]:
        raise Mistake(
            f"targets go from {targets.min()} to {targets.max()}, but there are {outputs.shape[-1]} outputs",
            f"classes are numbered from 0 to {outputs.shape[-1] - 1}",
        )


def _classes(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    return rng.integers(shape[-1], size=shape[:-1])


def _coins(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    return rng.integers(2, size=shape).astype(dtype)


def _gaussian(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    return rng.standard_normal(shape, dtype=np.float32).astype(dtype, copy=False)


def _largest(scores: Array) -> Array:
    found: Array = scores.argmax(axis=-1)
    return found


def _positive(scores: Array) -> Array:
    return (scores > 0.0).astype(scores.dtype)


def _unchanged(scores: Array) -> Array:
    return scores


def _as_nothing(square: float, outputs: int) -> float:
    return 0.0


def _as_error(square: float, outputs: int) -> float:
    """Output less target; of their sign or a part of it too, near enough."""
    return 1.0 / (1.0 + 1.0 / square) if square > 0.0 else 0.0


def _as_sigmoid(square: float, outputs: int) -> float:
    """p − t with p − 1/2 of mean square q/16 for small outputs and at most 1/4, that of t."""
    own = _as_error(square / 4.0, outputs)
    return own / (1.0 + own)


def _as_softmax(square: float, outputs: int) -> float:
    """p − e_t with |p|² − 1/K of mean (e^q − 1)/K for small outputs and at most 1 − 1/K, that of e_t."""
    own = _as_error(math.expm1(min(square, 700.0)) / (outputs - 1), outputs) if outputs > 1 else 0.0
    return own / (1.0 + own)


def _always(value: float | None, shape: tuple[int, ...]) -> float | None:
    return value


def _log_classes(shape: tuple[int, ...]) -> float:
    return math.log(shape[-1])


def _gaussian_huber(delta: float) -> float:
    """E huber(z) for z ~ N(0, 1), the parabola and the line integrated apart."""
    inside = math.erf(delta / math.sqrt(2.0))
    density = math.exp(-0.5 * delta * delta) / math.sqrt(2.0 * math.pi)
    return 0.5 * inside + delta * density - 0.5 * delta * delta * math.erfc(delta / math.sqrt(2.0))


LOSSES: dict[str, Callable[..., Loss]] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "mse": mse,
    "mae": mae,
    "huber": huber,
    "random_cotangent": random_cotangent,
}
