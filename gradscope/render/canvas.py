"""Curves in a terminal: eight dots a cell in braille, or one a cell in ASCII."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Of the dots of a braille cell, by row and column (Unicode, block 2800)."""
_FIRST = 0x2800
_FLAT = 1e-9


class Canvas:
    """An area of a number of cells that stands for an area of numbers."""

    def __init__(self, cells: int, rows: int, width: tuple[float, float], height: tuple[float, float]):
        self.width, self.height = _wide(width), _wide(height)
        self._cells, self._rows = cells, rows
        self._dots: set[tuple[int, int]] = set()
        self._axes: set[tuple[int, int]] = set()

    def line(self, x: Sequence[float], y: Sequence[float]) -> None:
        """Dots along the line through all points."""
        places = [(self._across(a), self._down(b)) for a, b in zip(x, y, strict=True)]
        for (left, top), (right, bottom) in pairwise(places):
            count = max(abs(right - left), abs(bottom - top), 1)
            for step in range(count + 1):
                share = step / count
                self._dots.add((round(left + share * (right - left)), round(top + share * (bottom - top))))

    def cross(self) -> None:
        """Sparse dots along both axes through zero, where they are inside."""
        if self.height[0] <= 0.0 <= self.height[1]:
            self._axes |= {(place, self._down(0.0)) for place in range(0, 2 * self._cells, 3)}
        if self.width[0] <= 0.0 <= self.width[1]:
            self._axes |= {(self._across(0.0), place) for place in range(0, 4 * self._rows, 2)}

    def rows(self, *, unicode: bool) -> Iterator[str]:
        """The area as text, from top to bottom."""
        for row in range(self._rows):
            yield "".join(self._cell(row, cell, unicode) for cell in range(self._cells)).rstrip()

    def _cell(self, row: int, cell: int, unicode: bool) -> str:
        inside = [(2 * cell + x, 4 * row + y, _BITS[y][x]) for y in range(4) for x in range(2)]
        drawn = [bit for x, y, bit in inside if (x, y) in self._dots]
        axes = [bit for x, y, bit in inside if (x, y) in self._axes]
        if not drawn and not axes:
            return " "
        if not unicode:
            return "*" if drawn else "."
        return chr(_FIRST + sum({*drawn, *axes}))

    def _across(self, x: float) -> int:
        low, high = self.width
        return round((x - low) / (high - low) * (2 * self._cells - 1))

    def _down(self, y: float) -> int:
        low, high = self.height
        return round((high - y) / (high - low) * (4 * self._rows - 1))


def _wide(ends: tuple[float, float]) -> tuple[float, float]:
    """Ends that are apart."""
    low, high = ends
    return (low, high) if high - low > _FLAT * max(1.0, math.fabs(high)) else (low - 0.5, high + 0.5)
