"""Random networks of the kind the default limits were chosen on, each seeded by its number."""

from typing import Any, NamedTuple

import numpy as np

DIGITS = "configs/data/digits.npz"
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "softplus")
INITIALIZERS = ("glorot_uniform", "he_normal", "lecun_normal", "torch_default", "variance")
NORMS = {"": 0.6, "batch_norm": 0.2, "layer_norm": 0.2}
BATCH, BATCHES = 128, 2
SKIPS = 0.2
"""Share of the networks whose hidden layers behind the first are x + act(norm(Wx))."""


class Traits(NamedTuple):
    """What is drawn of one network."""

    number: int
    depth: int
    """Weighted layers, head included."""
    width: int
    activation: str
    init: str
    sigma_w2: float
    """Of the `variance` initialiser."""
    bias_std: float
    norm: str
    has_skips: bool

    def __str__(self) -> str:
        init = f"variance {self.sigma_w2:.2f}" if self.init == "variance" else self.init
        words = [f"{self.depth} x {self.width}", self.activation, init]
        words += [f"bias {self.bias_std}"] if self.bias_std else []
        return ", ".join(
            [*words, *([self.norm] if self.norm else []), *(["skips"] if self.has_skips else [])]
        )


def traits_of(number: int) -> Traits:
    """The network of that number: 3 to 100 weighted layers of one width."""
    rng = np.random.default_rng([2026, number])
    return Traits(
        number=number,
        depth=round(3.0 * (100.0 / 3.0) ** rng.random()),
        width=int(rng.choice([32, 64, 128])),
        activation=str(rng.choice(ACTIVATIONS)),
        init=str(rng.choice(INITIALIZERS)),
        sigma_w2=round(0.2 * 25.0 ** rng.random(), 4),
        bias_std=float(rng.choice([0.0, 0.3])),
        norm=str(rng.choice([*NORMS], p=[*NORMS.values()])),
        has_skips=bool(rng.random() < SKIPS),
    )


def config_of(traits: Traits) -> dict[str, Any]:
    """It on the shipped digits."""
    block = [_dense(traits, traits.width), *([traits.norm] if traits.norm else []), traits.activation]
    hidden = [{"residual": block}] if traits.has_skips else block
    return {
        "input": 64,
        "init": {"variance": traits.sigma_w2} if traits.init == "variance" else traits.init,
        "batch": {
            "size": BATCH,
            "count": BATCHES,
            "inputs": {"file": {"path": DIGITS, "array": "inputs", "targets": "labels"}},
        },
        "layers": [*block, {"repeat": traits.depth - 2, "layers": hidden}, _dense(traits, 10)],
        "seed": traits.number,
        "trials": 1,
    }


def _dense(traits: Traits, units: int) -> dict[str, Any]:
    """With biases N(0, std²), but those of PyTorch's own initialiser where the std is zero."""
    if traits.init == "torch_default" and traits.bias_std == 0.0:
        return {"dense": units}
    return {"dense": {"units": units, "bias_init": {"normal": {"std": traits.bias_std}}}}
