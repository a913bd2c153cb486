"""A layer that is made of several dense maps: their parameters and gradients under the names of the parts."""

from collections.abc import Mapping

from gradscope.engine.layer import Gradients
from gradscope.engine.layers.dense import Dense
from gradscope.engine.parameters import Parameter


def named_parameters(parts: Mapping[str, Dense]) -> dict[str, Parameter]:
    """`query.weight` and the like."""
    return {
        f"{name}.{key}": parameter
        for name, part in parts.items()
        for key, parameter in part.own_parameters().items()
    }


def named_gradients(of_parts: Mapping[str, Gradients]) -> Gradients:
    """By the same names."""
    return {
        f"{name}.{key}": gradient
        for name, gradients in of_parts.items()
        for key, gradient in gradients.items()
    }
