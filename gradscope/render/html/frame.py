"""What all pictures share: their size, the axes with ticks and labels, and places to hover over."""

import math
from collections.abc import Iterable, Iterator, Sequence

from gradscope.render.characters import visible
from gradscope.render.html.markup import element, number, text
from gradscope.render.html.scales import Scale, short_label, shown_labels
from gradscope.render.pictures.picture import Ticks
from gradscope.render.pictures.thinning import thinned

WIDTH, HEIGHT = 500.0, 300.0
LEFT, RIGHT, TOP = 68.0, 12.0, 10.0
SHORT, TALL = 38.0, 94.0
"""Room below for labels that lie, and for those that are turned."""
MOST_HOVERED, MOST_HOVERED_NUMBERS = 400, 61
"""Places to rest the pointer on, over layers and over numbers."""
LONGEST = 12
"""Characters of a label; the whole of it is in the table."""
CHARACTER = 10.2
"""The width of one in a label, as large as it is on a phone."""


class Frame:
    """The area of a picture: its positions from left to right, and a scale from bottom to top."""

    def __init__(self, labels: Sequence[str], ends: tuple[float, float], places: Sequence[float] = ()):
        self.labels = labels
        self._shown = [short_label(labels[place], LONGEST) for place in shown_labels(len(labels))]
        slot = (WIDTH - LEFT - RIGHT) / max(1, len(self._shown))
        self._turned = not places and max(map(len, self._shown), default=0) * CHARACTER > slot
        self.bottom = HEIGHT - (TALL if self._turned else SHORT)
        self.up = Scale(ends[0], ends[1], self.bottom, TOP)
        self._places = places
        low, high = (min(places), max(places)) if places else (0.0, 1.0)
        self._along = Scale(low, high if high > low else low + 1.0, LEFT, WIDTH - RIGHT)

    @property
    def slot(self) -> float:
        """The width of one position."""
        return (WIDTH - LEFT - RIGHT) / max(1, len(self.labels))

    def across(self, position: int) -> float:
        """The place of a position, the middle of its slot."""
        if self._places:
            return self._along(self._places[position])
        return LEFT + (position + 0.5) * self.slot

    def axes(self, ticks: Ticks, across: str) -> Iterator[str]:
        """Grid, ticks and labels of both axes."""
        for tick in self.up.ticks:
            y = self.up(tick)
            yield element("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
            yield _tick(ticks, tick, y)
        if self._places:
            yield from self._numbers()
        else:
            yield from self._names()
        yield text(
            "text", across, class_="axis", x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 4, text_anchor="middle"
        )
        middle = (TOP + self.bottom) / 2
        turn = f"translate(12 {number(middle)}) rotate(-90)"
        yield text("text", ticks.label, class_="axis", transform=turn, text_anchor="middle")

    def hovers(self, words: Sequence[str]) -> Iterator[str]:
        """A strip over each position that shows words when the pointer rests on it."""
        most = MOST_HOVERED_NUMBERS if self._places else MOST_HOVERED
        kept = thinned(range(len(words)), most)
        for place, position in enumerate(kept):
            left, right = self._strip(kept, place)
            strip = element("title", words[position])
            size = {"x": left, "width": right - left, "y": TOP, "height": self.bottom - TOP}
            yield element("rect", strip, class_="hover", **size)

    def _strip(self, kept: Sequence[int], place: int) -> tuple[float, float]:
        """From halfway to the neighbour on the left to halfway to that on the right."""
        here = self.across(kept[place])
        if not self._places:
            return here - self.slot / 2, here + self.slot / 2
        left = self.across(kept[max(0, place - 1)])
        right = self.across(kept[min(len(kept) - 1, place + 1)])
        return (left + here) / 2, (right + here) / 2

    def _names(self) -> Iterator[str]:
        for label, position in zip(self._shown, shown_labels(len(self.labels)), strict=True):
            x, y = self.across(position), self.bottom + (12.0 if self._turned else 17.0)
            if self._turned:
                turn = f"translate({number(x + 4)} {number(y)}) rotate(-45)"
                yield text("text", label, class_="tick", transform=turn, text_anchor="end")
            else:
                yield text("text", label, class_="tick", x=x, y=y, text_anchor="middle")

    def _numbers(self) -> Iterator[str]:
        for tick in self._along.ticks:
            x = self._along(tick)
            yield element("line", class_="grid", x1=x, x2=x, y1=TOP, y2=self.bottom)
            label = f"{tick:g}"
            inside = min(x, WIDTH - len(label) * CHARACTER / 2)
            yield text("text", label, class_="tick", x=inside, y=self.bottom + 17, text_anchor="middle")


def picture(words: str, parts: Iterable[str], height: float = HEIGHT) -> str:
    """The SVG around the parts. It is one image to those who cannot see it; the numbers are in its table."""
    return element(
        "svg", *parts, viewBox=f"0 0 {number(WIDTH)} {number(height)}", role="img", aria_label=visible(words)
    )


def cross(x: float, y: float, color: str) -> str:
    """A mark for what is no number."""
    path = f"M{number(x - 4)} {number(y - 4)}l8 8m0-8l-8 8"
    return element("path", class_=f"{color} mark", d=path)


def edge(value: float, frame: Frame) -> float:
    """Where a mark stands: an exact zero at the bottom, what is too large or no number at the top."""
    return frame.bottom - 5 if value == -math.inf else TOP + 5


def _tick(ticks: Ticks, tick: float, y: float) -> str:
    if not ticks.is_log10:
        return text("text", _short(ticks.write(tick)), class_="tick", x=LEFT - 6, y=y + 4, text_anchor="end")
    power = element("tspan", f"{tick:.0f}".replace("-", "−"), dy=-5.0, class_="power")
    return element("text", "10", power, class_="tick", x=LEFT - 6, y=y + 5, text_anchor="end")


def _short(label: str) -> str:
    """Without the zeros that end it: 0.5, and 5e9 for 5.0e+09."""
    digits, e, exponent = label.partition("e")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits}e{int(exponent)}" if e else digits
