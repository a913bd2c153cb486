"""Judges a Trace: every rule with its words beside it. Runs no network and measures nothing."""

from gradscope.rules.base import Rule
from gradscope.rules.finite import NON_FINITE
from gradscope.rules.flow import EXPLODING, VANISHING
from gradscope.rules.units import DEAD

RULES: dict[str, Rule] = {rule.id: rule for rule in (VANISHING, EXPLODING, DEAD, NON_FINITE)}
"""Every rule by its id; adding one is these two visible lines."""
