"""A recurrent layer's parameters in PyTorch's own module, and its cells step by step with every state
kept."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from gradscope.engine import Array

MODULES = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
CELLS = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}

Named = dict[str, Array]


def prefixes(parameters: Mapping[str, Array]) -> list[str]:
    """Of the directions: none for a single one."""
    both = any(name.startswith("backward.") for name in parameters)
    return ["forward.", "backward."] if both else [""]


def torch_arrays(parameters: Mapping[str, Array], prefix: str) -> dict[str, Tensor]:
    """PyTorch's arrays of one direction: transposed weights, and two biases, the second of them zero but for
    what the layer itself adds to the recurrent product."""
    into = torch.tensor(parameters[f"{prefix}input.weight"].T)
    recurrent = torch.tensor(parameters[f"{prefix}recurrent.weight"].T)
    bias = parameters.get(f"{prefix}bias", np.zeros(len(into)))
    second = np.zeros(len(into))
    if f"{prefix}recurrent.bias" in parameters:
        second[-recurrent.shape[1] :] = parameters[f"{prefix}recurrent.bias"]
    return {
        "weight_ih": into,
        "weight_hh": recurrent,
        "bias_ih": torch.tensor(bias),
        "bias_hh": torch.tensor(second),
    }


def module_of(kind: str, parameters: Mapping[str, Array], nonlinearity: str = "tanh") -> torch.nn.RNNBase:
    """PyTorch's layer with these parameters, in float64."""
    return stack_of(kind, [parameters], {"nonlinearity": nonlinearity} if kind == "rnn" else {})


def stack_of(
    kind: str, layers: Sequence[Mapping[str, Array]], extra: Mapping[str, str] | None = None
) -> torch.nn.RNNBase:
    """Several layers of one shape in one module."""
    found = prefixes(layers[0])
    fan_in, _ = layers[0][f"{found[0]}input.weight"].shape
    units, _ = layers[0][f"{found[0]}recurrent.weight"].shape
    module: torch.nn.RNNBase = MODULES[kind](
        fan_in,
        units,
        num_layers=len(layers),
        batch_first=True,
        bidirectional=len(found) == 2,
        dtype=torch.float64,
        **(extra or {}),
    )
    with torch.no_grad():
        for number, parameters in enumerate(layers):
            for prefix, suffix in zip(found, suffixes(number), strict=False):
                for name, array in torch_arrays(parameters, prefix).items():
                    getattr(module, name + suffix).copy_(array)
    return module


def suffixes(layer: int) -> tuple[str, str]:
    """What PyTorch calls the parameters of a layer by, in each direction."""
    return f"_l{layer}", f"_l{layer}_reverse"


def gradients_of(module: torch.nn.RNNBase, parameters: Mapping[str, Array], layer: int = 0) -> Named:
    """What the module's backward pass left at one of its layers, under that layer's own names."""
    found: Named = {}
    for prefix, suffix in zip(prefixes(parameters), suffixes(layer), strict=False):
        grads = {
            name: getattr(module, name + suffix).grad.numpy()
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        }
        units = grads["weight_hh"].shape[1]
        named = {
            "input.weight": grads["weight_ih"].T,
            "recurrent.weight": grads["weight_hh"].T,
            "bias": grads["bias_ih"],
            "recurrent.bias": grads["bias_hh"][-units:],
        }
        found |= {f"{prefix}{key}": array for key, array in named.items() if f"{prefix}{key}" in parameters}
    return found


def last_of(kind: str, module: torch.nn.RNNBase, x: Tensor) -> Tensor:
    """h where each direction arrives, side by side."""
    final = module(x)[1]
    return torch.cat(list(final[0] if kind == "lstm" else final), dim=-1)


def state_gradients(kind: str, parameters: Mapping[str, Array], x: Array, last: Array) -> Array:
    """L2 norm of the gradient of the state, c with it where there is one, at every step of a single
    direction, given that of h at the last."""
    arrays = torch_arrays(parameters, "")
    fan_in, units = arrays["weight_ih"].shape[1], arrays["weight_hh"].shape[1]
    cell = CELLS[kind](fan_in, units, dtype=torch.float64)
    with torch.no_grad():
        for name, array in arrays.items():
            getattr(cell, name).copy_(array)
    state: Tensor | tuple[Tensor, Tensor] | None = None
    kept: list[tuple[Tensor, ...]] = []
    for t in range(x.shape[1]):
        state = cell(torch.tensor(x[:, t]), state)
        kept.append(state if isinstance(state, tuple) else (state,))
        for part in kept[-1]:
            part.retain_grad()
    torch.sum(kept[-1][0] * torch.tensor(last)).backward()
    return np.array([torch.sqrt(sum(part.grad.square().sum() for part in parts)).item() for parts in kept])
