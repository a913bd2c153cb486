"""A layer that is made of several dense maps: their parameters and gradients under the names of the parts."""

from collections.abc import Mapping

from gradscope.engine import Array
from gradscope.engine.layer import Gradients
from gradscope.engine.layers.dense import Dense


def named_parameters(parts: Mapping[str, Dense]) -> dict[str, Array]:
    """`query.weight` and the like."""
    return {
        f"{name}.{key}": array for name, part in parts.items() for key, array in part.parameters().items()
    }


def named_gradients(of_parts: Mapping[str, Gradients]) -> Gradients:
    """By the same names."""
    return {
        f"{name}.{key}": gradient
        for name, gradients in of_parts.items()
        for key, gradient in gradients.items()
    }
