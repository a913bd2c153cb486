"""Configs measured and predicted side by side."""

from typing import Any

import gradscope
from gradscope.outlook import foretell
from gradscope.theory.dead import dead_probability, next_correlation
from gradscope.theory.prediction import Prediction


def mlp(*body: Any, depth: int, width: int = 1000, **settings: Any) -> dict[str, Any]:
    """A network of equal layers under a cotangent that knows nothing of its weights."""
    return {
        "input": width,
        "layers": [{"repeat": depth, "layers": [*body]}, {"dense": {"units": width, "init": "lecun_normal"}}],
        "loss": "random_cotangent",
        "dtype": "float64",
        "batch": {"size": 16},
        **settings,
    }


def both(config: dict[str, Any]) -> tuple[Prediction, float]:
    """The prediction and the measured log10 of first over last."""
    loaded = gradscope.load_config(config)
    return foretell(loaded), gradscope.diagnose(loaded, jobs=1).flow.log10_ratio


def dead_share(depth: int, samples: int, rho: float = 0.0) -> float:
    """Expected share of dead units in the `depth`-th ReLU layer, counted from 1, of a wide He-initialised net
    without biases, on samples of equal norm with correlation `rho`."""
    for _ in range(depth - 1):
        rho = next_correlation(rho)
    return dead_probability(rho, samples)
