"""Makes what works along the steps of a sequence and has nothing to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradscope.build.makers.facts import Shape, known, sequence_of, words
from gradscope.config import schema
from gradscope.engine.layer import Step
from gradscope.engine.layers.time_axis import FirstStep, LastStep, MeanOverTime, ToSequence, Transpose
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_mean_over_time(assembly: Assembly, spec: schema.MeanOverTime, shape: Shape, info: LayerInfo) -> Step:
    """Features are left."""
    return MeanOverTime(known(info, (sequence_of(shape, info.kind)[1],)))


def make_last_step(assembly: Assembly, spec: schema.LastStep, shape: Shape, info: LayerInfo) -> Step:
    """Features are left."""
    return LastStep(known(info, (sequence_of(shape, info.kind)[1],)))


def make_first_step(assembly: Assembly, spec: schema.FirstStep, shape: Shape, info: LayerInfo) -> Step:
    """Features are left."""
    return FirstStep(known(info, (sequence_of(shape, info.kind)[1],)))


def make_to_sequence(assembly: Assembly, spec: schema.ToSequence, shape: Shape, info: LayerInfo) -> Step:
    """Channels become features, pixels steps."""
    if len(shape) != 3:
        raise Mistake(f"to_sequence takes an image, not {words(shape)}", "leave it out")
    channels, height, width = shape
    return ToSequence(known(info, (height * width, channels), rearranges=True))


def make_transpose(assembly: Assembly, spec: schema.Transpose, shape: Shape, info: LayerInfo) -> Step:
    """Steps become features, features steps."""
    length, features = sequence_of(shape, info.kind)
    return Transpose(known(info, (features, length), rearranges=True))
