"""What a remedy is: records, and what every family of remedies needs to state its changes."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from gradscope.config.document import Document
from gradscope.config.schema import Config
from gradscope.engine.outline import Outline
from gradscope.remedies.changes import Change
from gradscope.remedies.written import Written
from gradscope.report import Report

FLOW = frozenset(
    {
        *("GS101", "GS102", "GS103", "GS104", "GS105", "GS106", "GS107", "GS110"),
        *("GS204", "GS302", "GS401", "GS402", "GS403"),
    }
)
"""Rules about the size of gradients and signals over depth, and what comes of it."""

TIME = frozenset({"GS108", "GS109"})
"""Rules about the gradient through the steps of a recurrent layer."""


class Situation(Struct, frozen=True):
    """A config that is to be helped, and what is known of it."""

    config: Config
    document: Document
    written: Written
    outline: Outline


class Option(Struct, frozen=True):
    """One way a remedy can be taken."""

    words: str
    changes: tuple[Change, ...]


class Remedy(Struct, frozen=True):
    """One idea of what may help. Its options follow from the config alone, or are sought by measuring."""

    name: str
    rules: frozenset[str]
    """Rules that call for it."""
    cost: int
    """How much of the network it alters: 0 the data, 1 how it starts, 2 and more what it is."""
    source: str
    options: Callable[[Situation], Iterable[Option]] | None = None
    sought: "Callable[[Situation, Measure], Option | None] | None" = None
    """Finds the option by measuring others; tried when no other single change helps."""


Measure = Callable[[Option], Report | None]
"""The report of a config with an option taken; None where it cannot be built."""


def changing(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Without those that change nothing, and none twice, as happens where many places hold one knob."""
    found: dict[Any, Change] = {}
    for change in changes:
        if change.kind != "set" or change.to != change.was:
            found[change.kind, change.path] = change
    return tuple(found.values())
