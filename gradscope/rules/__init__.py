"""Judges a Trace: every rule with its words beside it. Runs no network and measures nothing."""

from gradscope.rules.attention import ATTENTION_COLLAPSE
from gradscope.rules.base import Rule
from gradscope.rules.beside import UNLIKE
from gradscope.rules.flow import EXPLODING, NARROW, STEEP, VANISHING
from gradscope.rules.precision import NON_FINITE, UNDERFLOW
from gradscope.rules.signal import COLLAPSED, FADING, GROWING, UNSCALED
from gradscope.rules.start import FIRST_LOSS, MISMATCHED
from gradscope.rules.structure import COLLAPSE, LOST_BIAS, MISMATCHED_OUTPUT, ZERO_START
from gradscope.rules.time import EXPLODING as EXPLODING_IN_TIME
from gradscope.rules.time import VANISHING as VANISHING_IN_TIME
from gradscope.rules.training import DYING
from gradscope.rules.training import EXPLODING as EXPLODING_IN_TRAINING
from gradscope.rules.uneven import JUMP, UNEVEN
from gradscope.rules.units import DEAD, ONE_SIDED, SATURATED

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        VANISHING,
        EXPLODING,
        FADING,
        GROWING,
        JUMP,
        UNEVEN,
        STEEP,
        VANISHING_IN_TIME,
        EXPLODING_IN_TIME,
        NARROW,
        EXPLODING_IN_TRAINING,
        UNLIKE,
        DEAD,
        SATURATED,
        DYING,
        COLLAPSED,
        ATTENTION_COLLAPSE,
        COLLAPSE,
        MISMATCHED,
        LOST_BIAS,
        MISMATCHED_OUTPUT,
        UNSCALED,
        ONE_SIDED,
        NON_FINITE,
        UNDERFLOW,
        FIRST_LOSS,
        ZERO_START,
    )
}
"""Every rule by its id, in their order; adding one is two visible lines."""

CAUSES: tuple[str, ...] = (
    "GS305",
    "GS302",
    "GS103",
    "GS104",
    "GS202",
    "GS204",
    "GS201",
    "GS105",
    "GS107",
    "GS106",
)
"""Rules that explain a vanishing or exploding gradient, cause before consequence."""

EXPLAINED: tuple[str, ...] = ("GS102", "GS101")
"""What they explain; the first of these that fires has them under it."""
