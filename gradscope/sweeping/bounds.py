"""What the numbers that a sweep is asked for may be, whoever asks. Loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple

from gradscope.errors import Place, Problem, UserError

MOST_JOBS = 1000
"""Processes of one machine: far beyond its processors they only take its memory."""

MOST_SECONDS = 1e9
"""The longest timeout of a point, in effect none: thirty years."""


class Bounds(NamedTuple):
    """The range that an option's number must lie in."""

    kind: type
    words: str
    least: float
    most: float = float("inf")

    def hold(self, value: Any) -> bool:
        """Whether a value is a number in the range; a NaN is not."""
        is_one = isinstance(value, self.kind) and type(value) is not bool
        return is_one and bool(self.least <= value <= self.most)


BOUNDS: dict[str, Bounds] = {
    "jobs": Bounds(Integral, f"a whole number from 1 to {MOST_JOBS:,}", 1, MOST_JOBS),
    "timeout": Bounds(Real, f"seconds above 0, at most {MOST_SECONDS:g}", 5e-324, MOST_SECONDS),
    "random": Bounds(Integral, "a whole number of at least 1", 1),
    "random_seed": Bounds(Integral, "a whole number of at least 0", 0),
}


def check_bounds(given: Mapping[str, Any]) -> None:
    """Refuse numbers that are none or out of bounds; None stands for one that was not given.

    Raises:
        UserError: with every one of them.
    """
    problems = [
        Problem(Place(name), f"expected {BOUNDS[name].words}, got {value!r}")
        for name, value in given.items()
        if value is not None and not BOUNDS[name].hold(value)
    ]
    if problems:
        raise UserError(problems)
