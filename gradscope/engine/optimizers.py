"""What a gradient makes of the parameters: the table of optimisers, with PyTorch's definitions and defaults.

An optimiser sees runs of entries, not layers: each entry changes by itself.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradscope.engine import Array
from gradscope.engine.options import NotNegative, Rate

Change = Callable[[Array, tuple[Array, ...], int, float], None]
"""(gradient, states, number of the step from 1, learning rate): the gradient becomes what is taken off the
entries, in its place, and the states those of the next step."""


@dataclass(frozen=True)
class Optimizer:
    """How parameters follow their gradient."""

    name: str
    change: Change
    states: int
    """Numbers it remembers of each entry; they begin as zeros."""
    lr: float
    """A learning rate to begin with."""
    decay: float = 0.0
    """The share of itself, times the learning rate, that an entry loses first."""
    is_adaptive: bool = False
    """Whether the size of a gradient hardly matters, as for Adam."""


def sgd() -> Optimizer:
    """Stochastic gradient descent: −lr g."""

    def change(g: Array, states: tuple[Array, ...], number: int, lr: float) -> None:
        g *= g.dtype.type(lr)

    return Optimizer("sgd", change, states=0, lr=0.1)


def momentum(momentum: Rate = 0.9) -> Optimizer:
    """The same along a running sum of gradients, v = momentum · v + g (Polyak 1964)."""

    def change(g: Array, states: tuple[Array, ...], number: int, lr: float) -> None:
        (v,) = states
        v *= g.dtype.type(momentum)
        v += g
        np.multiply(v, g.dtype.type(lr), out=g)

    return Optimizer("momentum", change, states=1, lr=0.01)


def adam(*, beta1: Rate = 0.9, beta2: Rate = 0.999, eps: NotNegative = 1e-8) -> Optimizer:
    """−lr m̂/(√v̂ + eps) with running means m of g and v of g² (Kingma & Ba 2015)."""
    return Optimizer("adam", _adam(beta1, beta2, eps), states=2, lr=1e-3, is_adaptive=True)


def adamw(
    *, beta1: Rate = 0.9, beta2: Rate = 0.999, eps: NotNegative = 1e-8, decay: NotNegative = 0.01
) -> Optimizer:
    """The same behind a decay of the entries themselves (Loshchilov & Hutter 2019)."""
    return Optimizer("adamw", _adam(beta1, beta2, eps), states=2, lr=1e-3, decay=decay, is_adaptive=True)


def _adam(beta1: float, beta2: float, eps: float) -> Change:
    def change(g: Array, states: tuple[Array, ...], number: int, lr: float) -> None:
        m, v = states
        of = g.dtype.type
        # v first, as (1 − beta2) g · g, which leaves g to become a scratch array behind m.
        v *= of(beta2)
        square = g * of(1.0 - beta2)
        square *= g
        v += square
        m *= of(beta1)
        g *= of(1.0 - beta1)
        m += g
        np.sqrt(v, out=g)
        g *= of(1.0 / math.sqrt(1.0 - beta2**number))
        g += of(eps)
        np.divide(m, g, out=g)
        g *= of(lr / (1.0 - beta1**number))

    return change


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": sgd,
    "momentum": momentum,
    "adam": adam,
    "adamw": adamw,
}
