"""How layers are called: by kind and number of weighted layers from the input, the input being 0."""

from collections import Counter
from typing import NamedTuple

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Label(NamedTuple):
    """What identifies one layer."""

    name: str
    """What the user reads: `residual3.dense1`, or as given by `name:`."""
    path: str
    """The name it has without any `name:`; random streams are addressed by it, so that naming changes no
    number."""
    number: int
    """Number of the weighted layer or container on the trunk it belongs to."""


class Scope:
    """The numbering of one list of layers: the trunk, or the inside of a container, which starts from 1
    again."""

    def __init__(self, outer: Label | None = None, branch: str = ""):
        self._prefixes = (f"{outer.name}.{branch}", f"{outer.path}.{branch}") if outer else ("", "")
        self._index = outer.number if outer else None
        self._weighted = 0
        self._seen: Counter[tuple[str, int]] = Counter()

    @property
    def on_trunk(self) -> bool:
        """Whether this is the trunk."""
        return self._index is None

    def label(self, kind: str, *, weighted: bool, name: str | None = None) -> Label:
        """The label of the next layer.

        A layer without weights takes the number of the weighted one before it, with a letter from the second
        of its kind on: relu2, relu2b.
        """
        if weighted:
            self._weighted += 1
        self._seen[kind, self._weighted] += 1
        own = f"{kind}{self._weighted}{_letters(self._seen[kind, self._weighted])}"
        index = self._weighted if self._index is None else self._index
        return Label(self._prefixes[0] + (name or own), self._prefixes[1] + own, index)


def _letters(count: int) -> str:
    """Nothing for the first, then b, c, … z, ba, bb, …"""
    letters = ""
    number = count - 1
    while number:
        number, digit = divmod(number, len(_LETTERS))
        letters = _LETTERS[digit] + letters
    return letters
