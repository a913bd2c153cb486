"""What one call brought, config by config: the reports and failures that a renderer turns into one text."""

from collections.abc import Callable

from msgspec import Struct

from gradscope.baseline import Entry
from gradscope.errors import Problem
from gradscope.render.options import RenderOptions
from gradscope.report import Report
from gradscope.repository import Repository
from gradscope.rules.base import Finding


class Failure(Struct, frozen=True):
    """A config that brought no report, with every reason."""

    source: str
    problems: tuple[Problem, ...]
    is_internal: bool = False
    """Whether the fault is gradscope's own."""

    @property
    def word(self) -> str:
        """What stands in the place of a verdict."""
        return "crashed" if self.is_internal else "broken"


class Outcome(Struct, frozen=True):
    """What came of each config, in the order of the call, and what of it is to fail the call."""

    results: tuple[Report | Failure, ...]
    several: bool = False
    """Whether the call was for more than one config, whatever came of them; decides the shape of the JSON."""
    fails_on: tuple[str, ...] = ("error",)
    """The severities that fail the call."""
    repository: Repository = Repository()
    """What the sources are relative to, in formats that other tools read."""
    fixed: tuple[Entry, ...] | None = None
    """What a baseline has and nobody finds any more; None without a baseline."""

    @property
    def reports(self) -> tuple[Report, ...]:
        """The configs that were judged."""
        return tuple(result for result in self.results if isinstance(result, Report))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The configs that were not."""
        return tuple(result for result in self.results if isinstance(result, Failure))

    def fails(self, finding: Finding) -> bool:
        """Whether the finding fails the call."""
        return finding.severity in self.fails_on and not finding.known


Renderer = Callable[[Outcome, RenderOptions], str | bytes]
"""Returns the text, with its last newline; never prints, never asks the clock or the terminal."""
