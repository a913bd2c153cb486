"""Makes activations, dropout and flatten: what changes entries or their order but has no weights."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gradscope.build.makers.facts import Shape, features_of, known
from gradscope.config import schema
from gradscope.engine.activations import ACTIVATIONS, Activation, Softmax
from gradscope.engine.layer import Step
from gradscope.engine.layers.dropout import Dropout
from gradscope.engine.layers.elementwise import Elementwise, PRelu, SoftmaxLayer
from gradscope.engine.layers.flatten import Flatten
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_activation(assembly: Assembly, spec: schema.Activation, shape: Shape, info: LayerInfo) -> Step:
    """Elementwise, but PReLU may learn its slopes and softmax looks along the last axis."""
    activation = _activation(spec.choice.name, tuple(spec.choice.options.items()))
    if isinstance(activation, Softmax):
        return SoftmaxLayer(known(info, shape, activation=activation), activation)
    if spec.choice.options.get("learned"):
        units = features_of(shape)
        slope = assembly.vector(units, float(spec.choice.options["slope"]))
        return PRelu(known(info, shape, units, activation=activation), activation, slope)
    return Elementwise(known(info, shape, activation=activation), activation)


def elementwise_activation(choice: schema.Choice, kind: str) -> Activation:
    """What a layer applies inside of it.

    Raises:
        Mistake: it is not elementwise, or has something to learn.
    """
    activation = _activation(choice.name, tuple(choice.options.items()))
    if not isinstance(activation, Activation):
        raise Mistake(
            f"{kind} takes an elementwise activation, not {choice.name}", "as in `activation: tanh`"
        )
    if choice.options.get("learned"):
        raise Mistake(f"inside {kind} the slopes of {choice.name} cannot be learned", "leave `learned` out")
    return activation


@lru_cache(maxsize=256)
def _activation(name: str, options: tuple[tuple[str, Any], ...]) -> Activation | Softmax:
    """One record for all equal activations, so that what is known of it is computed once."""
    return ACTIVATIONS[name](**dict(options))


def make_dropout(assembly: Assembly, spec: schema.Dropout, shape: Shape, info: LayerInfo) -> Step:
    """Masks from the layer's own stream."""
    return Dropout(known(info, shape, rate=spec.rate), spec.rate, assembly.stream(info, "mask"))


def make_flatten(assembly: Assembly, spec: schema.Flatten, shape: Shape, info: LayerInfo) -> Step:
    """One vector a sample."""
    size = 1
    for extent in shape:
        size *= extent
    return Flatten(known(info, (size,), rearranges=True))
