"""The rows that the values of an axis are told in: one a value while there are few, else one for several."""

from __future__ import annotations

import bisect
import json
from collections.abc import Sequence
from typing import Any

from gradscope.sweeping.axes import Axis, yaml_text
from gradscope.sweeping.ranges import Interval, Range


class Buckets:
    """The axes that go together along one dimension, cut into at most `most` parts in their order."""

    def __init__(self, group: Sequence[Axis], most: int) -> None:
        """Cut the first axis; the others follow it."""
        self.name = ", ".join(axis.name for axis in group)
        self._values = group[0].values
        size = most if isinstance(self._values, Interval) else len(self._values)
        self._size = size
        self._each = -(-size // most)
        """Values in a part; the last may have fewer."""
        self.count = -(-size // self._each)
        self.is_exact = self._each == 1 and not isinstance(self._values, Interval)
        """Whether each part is one value."""
        self._indices: dict[Any, int] = {}
        if isinstance(self._values, tuple):
            self._indices = {_hashable(value): index for index, value in enumerate(self._values)}
        self.labels = [self._label(group, number) for number in range(self.count)]

    def __call__(self, value: Any) -> int:
        """The part that a value of the first axis falls in."""
        if isinstance(self._values, Interval):
            return min(self.count - 1, max(0, int(self._values.share_of(value) * self.count)))
        if isinstance(self._values, Range):
            index = bisect.bisect_left(self._values, value)
        else:
            index = self._indices[_hashable(value)]
        return index // self._each

    def _label(self, group: Sequence[Axis], number: int) -> str:
        if isinstance(self._values, Interval):
            ends = [self._values.at((number + step) / self.count) for step in (0, 1)]
            return f"{ends[0]:.3g} … {ends[1]:.3g}"
        if self.is_exact:
            return ", ".join(yaml_text(axis.values[number]) for axis in group)  # type: ignore[index]
        first = number * self._each
        last = min(first + self._each, self._size) - 1
        ends = [self._values[index] for index in dict.fromkeys((first, last))]
        return " … ".join(map(yaml_text, ends))


def _hashable(value: Any) -> Any:
    """Tells 1 from true and 1.0, which are equal to Python."""
    return type(value), json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value
