"""Fewer of many, evenly: what a picture leaves out when there are more positions than it can show."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def thinned(items: Sequence[Item], most: int) -> Sequence[Item]:
    """At most so many of them, evenly, both ends among them."""
    if len(items) <= most:
        return items
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]
