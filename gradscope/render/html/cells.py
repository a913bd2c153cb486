"""Pictures of maps: numbers in the colours of viridis, verdicts in colours with a letter."""

import math
from collections.abc import Callable, Iterator, Sequence

from gradscope.render.html.frame import CHARACTER, LEFT, RIGHT, TOP, WIDTH, picture
from gradscope.render.html.markup import element, escaped, number, text
from gradscope.render.html.scales import short_label, shown_labels, span
from gradscope.render.html.style import SHADES
from gradscope.render.pictures.picture import Cells, Words
from gradscope.render.verdicts import MARKS

ROW = 18.0
LEAST_ROW, MOST_HEIGHT = 4.0, 420.0
LEAST_LETTER = 9.0
"""A cell this wide has room for a letter."""
Cell = Callable[[int, int], tuple[str, str]]
"""(row, column) -> its class and its words, which are empty where there is nothing."""

_BELOW = 40.0
_LABELS = 30
MARGIN = 14.0
"""More room on the left than other pictures have: labels of rows are names."""
LONGEST, LONGEST_AXIS = 8, 14
"""Characters of a label, and of the name of the rows."""


def draw_cells(found: Cells) -> str:
    """A cell in a shade for each number; a key of the shades below."""
    low, high = ends_of(found)

    def cell(row: int, column: int) -> tuple[str, str]:
        number = found.numbers[row][column]
        words = found.ticks.write(number)
        if number is None:
            return "none", ""
        return ("bad" if is_bad(number) else f"q{shade(number, low, high)}"), words

    grid = _Grid(found)
    parts = [*grid.cells(cell, letters=False), *grid.labels()]
    parts += _key(found, low, high, grid.bottom)
    return picture(f"{found.title}: {found.about}", parts, grid.bottom + _BELOW + 32.0)


def draw_words(found: Words) -> str:
    """A cell with colour and letter for each verdict; what letters mean stands in the legend of the page."""

    def cell(row: int, column: int) -> tuple[str, str]:
        word = found.words[row][column]
        return ("none", "") if word is None else (f"v-{word}", word.replace("_", "-"))

    grid = _Grid(found)
    parts = [*grid.cells(cell, letters=True), *grid.labels()]
    return picture(f"{found.title}: {found.about}", parts, grid.bottom + _BELOW)


def shade(number: float, low: float, high: float) -> int:
    """Which of the shades; an exact zero, log10 −∞, has the darkest."""
    share = (number - low) / (high - low) if math.isfinite(number) else 0.0
    return min(SHADES - 1, max(0, int(share * SHADES)))


def ends_of(found: Cells) -> tuple[float, float]:
    """The numbers of the darkest and the lightest shade."""
    if found.most is not None:
        return 0.0, found.most
    numbers = [number for row in found.numbers for number in row]
    # What is no logarithm here is an amount, of which nothing at all is the darkest.
    return span(numbers, least=1.0, whole=True) if found.ticks.is_log10 else span([0.0, *numbers])


def is_bad(number: float) -> bool:
    """Whether it has no shade; an exact zero, log10 −∞, has one."""
    return math.isnan(number) or number == math.inf


class _Grid:
    """The places of the cells of a map."""

    def __init__(self, found: Cells | Words):
        self.found = found
        rows, columns = max(1, len(found.rows)), max(1, len(found.columns))
        self.height = max(LEAST_ROW, min(ROW, MOST_HEIGHT / rows))
        self.left = LEFT + MARGIN
        self.width = (WIDTH - self.left - RIGHT) / columns
        self.bottom = TOP + rows * self.height

    def cells(self, cell: Cell, *, letters: bool) -> Iterator[str]:
        """All of them, each with its words to hover over; thousands, so that each is written as short as it
        may be: their common size is a style, and a row is moved as a whole."""
        size = f"--w:{number(self.width)}px;--h:{number(self.height)}px"
        rows = (
            element("g", *self._row(row, cell, letters=letters), transform=f"translate(0 {number(y)})")
            for row, y in enumerate(TOP + row * self.height for row in range(len(self.found.rows)))
        )
        yield element("g", *rows, class_="cells", style=size)

    def _row(self, row: int, cell: Cell, *, letters: bool) -> Iterator[str]:
        found = self.found
        for column, along in enumerate(found.columns):
            kind, words = cell(row, column)
            if not words:
                continue
            place = f"{found.down} {found.rows[row]}, {found.across} {along}: {words}"
            x = self.left + column * self.width
            yield element("rect", element("title", escaped(place)), class_=kind, x=x)
            if letters and min(self.width, self.height) >= LEAST_LETTER:
                yield self._letter(kind, x)

    def labels(self) -> Iterator[str]:
        """Of some rows and columns, and of both axes."""
        found = self.found
        for row in shown_labels(len(found.rows), min(_LABELS, int(MOST_HEIGHT / ROW))):
            y = TOP + (row + 0.5) * self.height + 4
            yield text(
                "text",
                short_label(found.rows[row], LONGEST),
                class_="tick",
                x=self.left - 5,
                y=y,
                text_anchor="end",
            )
        widest = max((len(short_label(label, LONGEST)) for label in found.columns), default=1)
        room = max(2, int((WIDTH - self.left - RIGHT) / (CHARACTER * widest + 6)))
        for column in shown_labels(len(found.columns), room):
            x = self.left + (column + 0.5) * self.width
            label = short_label(found.columns[column], LONGEST)
            yield text("text", label, class_="tick", x=x, y=self.bottom + 15, text_anchor="middle")
        middle = (self.left + WIDTH - RIGHT) / 2
        yield text("text", found.across, class_="axis", x=middle, y=self.bottom + 33, text_anchor="middle")
        down = f"{short_label(found.down, LONGEST_AXIS)} ↓"
        yield text("text", down, class_="axis", x=0, y=self.bottom + 33, text_anchor="start")

    def _letter(self, kind: str, x: float) -> str:
        letter = MARKS[kind.removeprefix("v-")].letter
        size = {"x": x + self.width / 2, "y": self.height / 2 + 4}
        return text("text", letter, class_=f"letter {kind}", text_anchor="middle", **size)


def _key(found: Cells, low: float, high: float, bottom: float) -> Iterator[str]:
    """The shades with the numbers at both ends."""
    left, top, width = LEFT + MARGIN, bottom + _BELOW + 2.0, (WIDTH - LEFT - MARGIN - RIGHT) / SHADES
    for place in range(SHADES):
        yield element("rect", class_=f"q{place}", x=left + place * width, y=top, width=width, height=10.0)
    ends: Sequence[tuple[float, float, str]] = ((low, left, "start"), (high, WIDTH - RIGHT, "end"))
    for end, x, anchor in ends:
        yield text("text", found.ticks.write(end), class_="tick", x=x, y=top + 23, text_anchor=anchor)
    middle = (left + WIDTH - RIGHT) / 2
    yield text("text", found.ticks.label, class_="axis", x=middle, y=top + 23, text_anchor="middle")
