"""How fast this machine is at what a diagnosis does, measured in a few hundredths of a second."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from gradscope.effort.work import Work
from gradscope.engine import Array
from gradscope.engine.activations import Activation, Softmax
from gradscope.engine.initializers import Fans, Initializer
from gradscope.engine.threads import one_blas_thread

ROUNDS = 3
ENOUGH_SECONDS = 0.01
"""Rounds go on for so long: other work on the machine may have disturbed all of a few."""

MOST_KINDS = 6
"""Kinds of activations and of draws that are timed; others count as the first one."""

_SIDE, _LONG, _QR_SIDE, _CALLS = 256, 2048, 192, 200
_FLOAT32 = np.dtype(np.float32)


class Rates(NamedTuple):
    """How long things take: seconds each on one thread, in float32."""

    product: float
    """A multiplication in a product of matrices, and its addition."""
    entry: float
    """A pass over an entry of an array in cache."""
    call: float
    """A call of NumPy for a few entries."""
    activated: Mapping[Any, float]
    """An entry through an activation and its slope."""
    drawn: Mapping[Initializer, float]
    """An entry of a weight."""
    whole: Mapping[Initializer, float]
    """A multiplication in the making of a weight that is drawn whole."""


def stated_rates(work: Work) -> Rates:
    """Those of one core of an AMD EPYC (Zen 4), for a first look."""
    return Rates(
        product=2e-11,
        entry=2e-10,
        call=4e-7,
        activated=dict.fromkeys(work.activated, 2e-9),
        drawn=dict.fromkeys(work.drawn, 3e-9),
        whole=dict.fromkeys(work.whole, 6e-10),
    )


def measured_rates(work: Work) -> Rates:
    """The rates of this machine now, at what the work needs."""
    rng = np.random.Generator(np.random.SFC64(0))
    square = rng.standard_normal((_SIDE, _SIDE), dtype=np.float32)
    long = np.ones((_LONG, _SIDE), dtype=np.float32)
    few = square[0, :16].copy()
    with one_blas_thread(), np.errstate(all="ignore"):
        return Rates(
            product=_least(lambda: square @ square) / _SIDE**3,
            entry=_least(lambda: np.multiply(long, long, out=long)) / long.size,
            call=_least(lambda: [np.multiply(few, few) for _ in range(_CALLS)]) / _CALLS,
            activated=_each(work.activated, lambda kind: _through(kind, square), square.size),
            drawn=_each(work.drawn, lambda kind: _drawn(kind, rng, _LONG), _LONG * _SIDE),
            whole=_each(work.whole, lambda kind: _drawn(kind, rng, _QR_SIDE, _QR_SIDE), _QR_SIDE**3),
        )


def _each(kinds: Mapping[Any, float], run: Callable[[Any], object], units: int) -> dict[Any, float]:
    """Seconds a unit of the kinds of which there is most."""
    first = sorted(kinds, key=lambda kind: -kinds[kind])
    found = {kind: _least(partial(run, kind)) / units for kind in islice(first, MOST_KINDS)}
    return {kind: found.get(kind, found[first[0]]) for kind in kinds}


def _least(run: Callable[[], object]) -> float:
    """The best of some rounds. What they give is kept meanwhile: memory that was used before is far faster
    than the fresh one that a network fills."""
    kept: list[object] = []
    seconds: list[float] = []
    while len(seconds) < ROUNDS or sum(seconds) < ENOUGH_SECONDS:
        start = time.perf_counter()
        kept.append(run())
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _through(activation: Activation | Softmax, z: Array) -> Array:
    if isinstance(activation, Softmax):
        return activation.backward(z, activation.forward(z))
    return activation.derivative(z, activation.fn(z))


def _drawn(initializer: Initializer, rng: np.random.Generator, rows: int, columns: int = _SIDE) -> Array:
    return initializer.fill(rng, (rows, columns), Fans(rows, columns), _FLOAT32)
