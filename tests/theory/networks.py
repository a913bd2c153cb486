"""Configs measured and predicted side by side."""

from typing import Any

import gradscope
from gradscope.outlook import foretell
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
