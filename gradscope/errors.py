"""What can go wrong, in words: a place, a fact and a hint, and the exit code that follows.

No layer, key or command is known here; every other room raises these and only `cli` prints them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Place(NamedTuple):
    """Where something stands: a file (or `--set KEY`), and line and column counted from 1 when it has
    them."""

    source: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in self if part is not None)


class Problem(NamedTuple):
    """One mistake of the user's: where, what is the case, and what to do about it."""

    place: Place
    fact: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.fact}" + (f"; {self.hint}" if self.hint else "")


class GradscopeError(Exception):
    """Anything gradscope raises on purpose; `exit_code` is what the process ends with."""

    exit_code = 3


class UserError(GradscopeError):
    """The user's input is wrong; `problems` lists everything that is, not only the first."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[UserError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class ConfigError(UserError):
    """A config cannot be read, understood or built."""


class Mistake(GradscopeError):  # noqa: N818  a user makes a mistake, gradscope an error
    """A fact and a hint raised where the place is not known; whoever knows it makes a `Problem` of both."""

    exit_code = 2

    def __init__(self, fact: str, hint: str | None = None):
        self.fact = fact
        self.hint = hint
        super().__init__(fact)


class Problems:
    """Collects every mistake of one input before any of them is raised."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, place: Place, fact: str, hint: str | None = None) -> None:
        """Note one mistake; the same one at the same place is noted once."""
        problem = Problem(place, fact, hint)
        if problem not in self.found:
            self.found.append(problem)

    def raise_any(self) -> None:
        """Raise `ConfigError` with all that was found, in the order of the file; do nothing when all is
        well."""
        if self.found:
            raise ConfigError(
                sorted(self.found, key=lambda problem: (problem.place.line or 0, problem.place.column or 0))
            )


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The hint for a misspelt word: the nearest known one, or the whole list while it is short."""
    import difflib  # only a mistake needs it

    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    if 0 < len(names) <= 13:
        return f"known {'are' if len(names) > 1 else 'is'} {', '.join(names)}"
    return None


def reason_of(error: OSError | ValueError) -> str:
    """What kept a file from being opened, in the system's words.

    A ValueError is a null byte in its name, which every version of Python words anew.
    """
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "a null byte is in its name"
