"""The table of activations: what each computes and what is true of it; nothing of the layers that apply them.

The signature of an entry is the one home of its options.
"""

from collections.abc import Callable

from gradscope.engine.activations.activation import Activation, Interval
from gradscope.engine.activations.bounded import arctan, lecun_tanh, scaled_sigmoid, sigmoid, softsign, tanh
from gradscope.engine.activations.exponential import celu, elu, selu, softplus
from gradscope.engine.activations.gated import gelu, gelu_tanh, mish, silu
from gradscope.engine.activations.piecewise import (
    hard_sigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    linear,
    prelu,
    relu,
    relu6,
    squared_relu,
)
from gradscope.engine.activations.softmax import Softmax, softmax

ACTIVATIONS: dict[str, Callable[..., Activation | Softmax]] = {
    "linear": linear,
    "sigmoid": sigmoid,
    "scaled_sigmoid": scaled_sigmoid,
    "tanh": tanh,
    "lecun_tanh": lecun_tanh,
    "arctan": arctan,
    "softsign": softsign,
    "softplus": softplus,
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "prelu": prelu,
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": silu,
    "mish": mish,
    "hardtanh": hardtanh,
    "hard_sigmoid": hard_sigmoid,
    "hardswish": hardswish,
    "squared_relu": squared_relu,
    "softmax": softmax,
}

ALIASES: dict[str, str] = {"swish": "silu"}

__all__ = ["ACTIVATIONS", "ALIASES", "Activation", "Interval", "Softmax"]
