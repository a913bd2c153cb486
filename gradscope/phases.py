"""Config and axes in, phase diagram out: where gradients fade, last and grow."""

import itertools
import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from gradscope.build.sketch import sketch
from gradscope.config.document import Document
from gradscope.config.load import check_names, read_config, read_document
from gradscope.config.schema import Layer, Repeat
from gradscope.errors import ConfigError, Place, Problem, Problems
from gradscope.sweeping.axes import Axis, parse_axis
from gradscope.sweeping.ranges import Interval
from gradscope.theory.phase_map import chi_map
from gradscope.theory.unit import PlainLaws, plain_laws

MOST_POINTS = 1_000_000
_COPIES = 3
"""Of a repeat: enough to see what is repeated."""
_PROBED = 16
"""Points at which it is checked that the axes act on the laws independently."""


class PhaseDiagram(Struct, frozen=True):
    """χ₁ over one or two axes."""

    name: str
    source: str
    names: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    """Of each axis."""
    chi_1: tuple[tuple[float, ...], ...]
    """A row for each value of the second axis, or one; a column for each of the first."""

    @property
    def edge(self) -> tuple[tuple[float, ...], ...]:
        """Where χ₁ passes 1, a row as above: values of the first axis, between its own by straight lines."""
        columns = self.values[0]
        if not all(isinstance(value, int | float) for value in columns):
            return tuple(() for _ in self.chi_1)
        return tuple(tuple(_crossings(columns, row)) for row in self.chi_1)


def phase_diagram(
    source: str, axes: Sequence[str], overrides: Mapping[str, Any], *, text: str | None = None
) -> PhaseDiagram:
    """The phases of what a config repeats, over the axes.

    Raises:
        ConfigError: the axes are none, the config has mistakes, or theory has no χ₁ of it.
    """
    parsed = _axes(axes)
    problems = Problems()
    document = read_document(source, problems, text=text)
    if document is not None:
        check_names(document, overrides, [axis.name for axis in parsed], problems)
    problems.raise_any()
    assert document is not None  # or there was a problem
    folder = os.path.dirname(source) if text is None else ""
    laws = _Laws(document, overrides, folder, parsed)
    grid = laws.grid()
    chi = np.empty((len(grid), len(grid[0])))
    for activation in dict.fromkeys(law.activation for row in grid for law in row):
        where = [
            (r, c) for r, row in enumerate(grid) for c, law in enumerate(row) if law.activation is activation
        ]
        sigma_w2, sigma_b2 = (
            np.array([getattr(grid[r][c], name) for r, c in where]) for name in ("sigma_w2", "sigma_b2")
        )
        chi[tuple(np.array(where).T)] = chi_map(activation, sigma_w2, sigma_b2)
    return PhaseDiagram(
        laws.name, source, laws.names, tuple(laws.values), tuple(tuple(map(float, row)) for row in chi)
    )


def _axes(texts: Sequence[str]) -> list[Axis]:
    axes = [parse_axis(text) for text in texts]
    place = Place("--axis")
    if len(axes) > 2:
        raise ConfigError([Problem(place, f"{len(axes)} axes make no diagram", "give one or two")])
    if len({axis.name for axis in axes}) < len(axes):
        raise ConfigError([Problem(place, f"the axis '{axes[0].name}' is given twice", "give it once")])
    for axis in axes:
        if isinstance(axis.values, Interval):
            fact = f"the range of '{axis.name}' does not say how many values it has"
            raise ConfigError([Problem(place, fact, "add the number behind it, as in lin:0.5:3:200")])
    points = int(np.prod([len(axis) for axis in axes]))
    if points > MOST_POINTS:
        raise ConfigError([Problem(place, f"the axes make {points:,} points", f"at most {MOST_POINTS:,}")])
    return axes


class _Laws:
    """The laws of what the config repeats, as the axes change them."""

    def __init__(
        self, document: Document, overrides: Mapping[str, Any], folder: str, axes: Sequence[Axis]
    ) -> None:
        self.names = tuple(axis.name for axis in axes)
        self.values = [tuple(axis.values) for axis in axes if not isinstance(axis.values, Interval)]
        self._document, self._overrides, self._folder = document, overrides, folder
        self.name = ""

    def grid(self) -> list[list[PlainLaws]]:
        """A row for each value of the second axis."""
        columns = [[value] for value in self.values[0]]
        if len(self.values) == 1:
            return [[self._at(point) for point in columns]]
        first, rows = self.values[0][0], self.values[1]
        across = [self._at([value, rows[0]]) for value in self.values[0]]
        down = [self._at([first, value]) for value in rows]
        if self._acts_apart(across, down):
            return [[_combined(right, below, across[0]) for right in across] for below in down]
        return [[self._at([value, row]) for value in self.values[0]] for row in rows]

    def _acts_apart(self, across: Sequence[PlainLaws], down: Sequence[PlainLaws]) -> bool:
        """Whether what both axes do is what each does alone, seen at points all over the diagram."""
        if len({law.activation for law in (*across, *down)}) > 1:
            return False
        every = list(itertools.product(range(len(down)), range(len(across))))
        for row, column in every[:: max(1, len(every) // _PROBED)] + every[-1:]:
            found = self._at([self.values[0][column], self.values[1][row]])
            said = _combined(across[column], down[row], across[0])
            if found.activation is not said.activation or not np.allclose(found[1:], said[1:], rtol=1e-9):
                return False
        return True

    def _at(self, point: Sequence[Any]) -> PlainLaws:
        problems = Problems()
        overrides = {**self._overrides, **dict(zip(self.names, point, strict=True))}
        config = read_config(self._document, overrides, problems, folder=self._folder)
        plan = None
        if config is not None and not problems.found:
            self.name = config.name
            layers = tuple(map(_short, config.layers))
            plan = sketch(msgspec.structs.replace(config, layers=layers), problems)
        problems.raise_any()
        assert plan is not None  # or there was a problem
        laws = plain_laws(plan.outline)
        if laws is None:
            place = Place(self._document.source)
            fact = "a phase diagram needs a network that repeats a dense layer and an activation"
            raise ConfigError([Problem(place, fact, "see `gradscope theory` without --axis")])
        return laws


def _short(layer: Layer) -> Layer:
    if isinstance(layer, Repeat) and layer.count > _COPIES:
        return msgspec.structs.replace(layer, count=_COPIES)
    return layer


def _combined(right: PlainLaws, below: PlainLaws, corner: PlainLaws) -> PlainLaws:
    """What both axes do together when each law follows one of them alone."""
    return PlainLaws(
        right.activation,
        right.sigma_w2 + (below.sigma_w2 - corner.sigma_w2),
        right.sigma_b2 + (below.sigma_b2 - corner.sigma_b2),
    )


def _crossings(columns: Sequence[float], row: Sequence[float]) -> list[float]:
    found = []
    for (x, chi), (next_x, next_chi) in itertools.pairwise(zip(columns, row, strict=True)):
        if chi == 1.0:
            found.append(float(x))
        elif (chi - 1.0) * (next_chi - 1.0) < 0.0:
            found.append(x + (next_x - x) * (1.0 - chi) / (next_chi - chi))
    return found
